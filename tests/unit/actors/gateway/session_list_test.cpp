#include "actors/gateway/session_list.hpp"
#include "actors/gateway/sessions.hpp"
#include "tests/support/gateway_facts.hpp"

#include <catch2/catch.hpp>

namespace troupe::gateway {

using test::gateway_facts;
using test::parse;

namespace {

struct listed : gateway_facts {
  listed() {
    for (int i = 1; i <= 3; ++i) {
      auto row = add_conversation("agent:main:s" + std::to_string(i), 2);
      row.updated_at = time.wall - i * 60'000;
      row.label = i == 3 ? "Third" : "";
      put(row);
    }
  }
  boost::json::value list(const session_list_query& query = {}) {
    return parse(session_list(log, *config, query, time.wall));
  }
};

} // namespace

TEST_CASE_METHOD(listed, "sessions: are listed newest first, in pages", "[gateway]") {
  session_list_query query;
  query.limit = 2;
  const auto first = list(query);
  CHECK(first.at("totalCount") == 3);
  CHECK(first.at("count") == 2);
  CHECK(first.at("nextOffset") == 2);
  CHECK(first.at("hasMore") == true);
  CHECK(first.at("sessions").at(0).at("key") == "agent:main:s1");
  query.offset = 2;
  const auto second = list(query);
  CHECK(second.at("count") == 1);
  CHECK(second.at("nextOffset").is_null());
  CHECK(second.at("sessions").at(0).at("key") == "agent:main:s3");
  query.offset = 99;
  CHECK(list(query).at("count") == 0);
}

TEST_CASE_METHOD(listed, "sessions: are filtered by age, label, agent and search", "[gateway]") {
  session_list_query query;
  query.active_minutes = 2;
  CHECK(list(query).at("totalCount") == 2);
  query = {};
  query.label = "Third";
  CHECK(list(query).at("totalCount") == 1);
  query = {};
  query.search = "tHiRd";
  CHECK(list(query).at("totalCount") == 1);
  query = {};
  query.agent_id = "other";
  CHECK(list(query).at("totalCount") == 0);
  query = {};
  query.archived = archived_sessions::only;
  CHECK(list(query).at("totalCount") == 0);
}

TEST_CASE_METHOD(listed, "sessions: archived ones are listed when they are asked for",
                 "[gateway]") {
  const auto before = list().at("totalCount").to_number<int>();
  auto row = add_conversation("agent:main:old", 1);
  row.archived_at = 7;
  row.pinned_at = 8;
  row.marked_unread_at = 9;
  put(row);
  CHECK(list().at("totalCount") == before);
  session_list_query query;
  query.archived = archived_sessions::only;
  const auto shown = list(query);
  CHECK(shown.at("totalCount") == 1);
  const auto& session = shown.at("sessions").at(0);
  CHECK(session.at("archived") == true);
  CHECK(session.at("archivedAt") == 7);
  CHECK(session.at("pinnedAt") == 8);
  CHECK(session.at("markedUnreadAt") == 9);
  query.archived = archived_sessions::all;
  CHECK(list(query).at("totalCount") == before + 1);
}

TEST_CASE_METHOD(listed, "sessions: previews are read only when asked for", "[gateway]") {
  CHECK_FALSE(list().at("sessions").at(0).as_object().contains("lastMessagePreview"));
  session_list_query query;
  query.with_last_message = true;
  query.with_titles = true;
  const auto row = list(query).at("sessions").at(0);
  CHECK(row.at("lastMessagePreview") == "message 2");
  CHECK(row.at("derivedTitle") == "message 1");
}

TEST_CASE_METHOD(listed, "sessions: a row tells the model, the run and the session", "[gateway]") {
  auto row = add_conversation("agent:main:main", 0);
  row.active_run = "r1";
  row.model = "fake/fake-2";
  row.input_tokens = 7;
  json_writer out;
  write_session_row(out, row, config->values, time.wall);
  const auto told = parse(out.take());
  CHECK(told.at("isMain") == true);
  CHECK(told.at("classification") == "main");
  CHECK(told.at("status") == "running");
  CHECK(told.at("hasActiveRun") == true);
  CHECK(told.at("activeRunIds").at(0) == "r1");
  CHECK(told.at("modelProvider") == "fake");
  CHECK(told.at("model") == "fake-2");
  CHECK(told.at("modelOverrideSource") == "user");
  CHECK(told.at("inputTokens") == 7);
  CHECK(told.at("contextTokens") == 200'000);
  CHECK(told.at("effectiveQueueMode") == "followup");
}

TEST_CASE_METHOD(listed, "sessions: an entry has numbers where there was a run or a reset",
                 "[gateway]") {
  tables::conversation_row row;
  row.key = "agent:main:fresh";
  row.agent_id = "main";
  row.session_id = "s";
  row.created_at = row.updated_at = 5;
  const auto entry = [&](bool was_reset) {
    json_writer out;
    write_session_entry(out, row, config->values, was_reset);
    return parse(out.take()).as_object();
  };
  const auto fresh = entry(false);
  CHECK(fresh.at("modelOverrideSource") == "default");
  CHECK(fresh.at("delivery").at("kind") == "none");
  CHECK_FALSE(fresh.contains("totalTokens"));
  CHECK_FALSE(fresh.contains("archivedAt"));
  CHECK(entry(true).at("totalTokens") == 0);
  row.last_run = "r1";
  row.archived_at = 9;
  row.model = "fake/fake-2";
  const auto used = entry(false);
  CHECK(used.at("totalTokens") == 0);
  CHECK(used.at("delivery").at("kind") == "internal");
  CHECK(used.at("archivedAt") == 9);
  CHECK(used.at("modelOverride") == "fake-2");
}

TEST_CASE_METHOD(listed, "sessions: a run finds its conversation by its id alone", "[gateway]") {
  tables::run_row run;
  run.run_id = "r9";
  run.conversation = "agent:main:s2";
  put(run);
  CHECK(find_run_conversation(log, "r9") == "agent:main:s2");
  CHECK_FALSE(find_run_conversation(log, "r8"));
}

} // namespace troupe::gateway
