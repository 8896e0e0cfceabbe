#include "actors/gateway/history.hpp"
#include "persistence/tables/chunked_text.hpp"
#include "tests/support/gateway_facts.hpp"
#include "tests/support/long_text.hpp"

#include <catch2/catch.hpp>

namespace troupe::gateway {

using test::gateway_facts;
using test::parse;

namespace {

const std::string key = "agent:main:main";

struct transcript : gateway_facts {
  std::string text(history_query query = {}, std::string_view in_flight = {}) {
    query.key = key;
    return history_page(log, config->values, query, {.in_flight_run = in_flight, .metadata = {}},
                        time.wall);
  }
  boost::json::value page(const history_query& query = {}) { return parse(text(query)); }
  boost::json::value since(std::string_view cursor, history_query query = {},
                           const std::vector<std::string>& inputs = {}) {
    query.key = key;
    return parse(history_since(log, config->values, query, cursor, inputs, {}, time.wall));
  }
  static std::string seqs(const boost::json::value& page) {
    std::string out;
    for (const auto& message : page.at("messages").as_array())
      out += std::to_string(message.at("__openclaw").at("seq").to_number<int>()) + " ";
    return out;
  }
};

} // namespace

TEST_CASE_METHOD(transcript, "history: the newest page first, older ones by offset", "[gateway]") {
  add_conversation(key, 5);
  history_query query;
  query.limit = 2;
  auto shown = page(query);
  CHECK(seqs(shown) == "4 5 ");
  CHECK(shown.at("totalMessages") == 5);
  CHECK(shown.at("hasMore") == true);
  CHECK(shown.at("nextOffset") == 2);
  query.offset = 2;
  CHECK(seqs(page(query)) == "2 3 ");
  query.offset = 4;
  shown = page(query);
  CHECK(seqs(shown) == "1 ");
  CHECK(shown.at("hasMore") == false);
  CHECK_FALSE(shown.as_object().contains("nextOffset"));
  query.offset = 5;
  CHECK(seqs(page(query)).empty());
}

TEST_CASE_METHOD(transcript, "history: a message id brings the page that ends with it",
                 "[gateway]") {
  add_conversation(key, 5);
  history_query query;
  query.limit = 2;
  query.message_id = "id-3";
  CHECK(seqs(page(query)) == "2 3 ");
  query.message_id = "nothing";
  CHECK(seqs(page(query)) == "4 5 ");
}

TEST_CASE_METHOD(transcript, "history: what was before a reset is not shown", "[gateway]") {
  auto row = add_conversation(key, 5);
  row.history_from = 4;
  put(row);
  CHECK(seqs(page()) == "4 5 ");
  CHECK(page().at("totalMessages") == 2);
  history_query query;
  query.message_id = "id-2";
  CHECK(seqs(page(query)) == "4 5 ");
  row.history_from = 6; // Nothing was said since.
  put(row);
  CHECK(seqs(page()).empty());
  CHECK(page().at("totalMessages") == 0);
}

TEST_CASE_METHOD(transcript, "history: a cursor brings what came since", "[gateway]") {
  auto row = add_conversation(key, 2);
  const auto cursor = std::string{page().at("deltaCursor").as_string()};
  auto delta = since(cursor);
  CHECK(delta.at("kind") == "delta");
  CHECK(delta.at("messages").as_array().empty());
  CHECK(delta.at("deltaCursor").as_string() == cursor);
  CHECK(delta.at("sessionInfo").at("key").as_string() == key);

  row = add_conversation(key, 4);
  delta = since(cursor);
  const auto& messages = delta.at("messages").as_array();
  REQUIRE(messages.size() == 2);
  CHECK(messages[0].at("messageSeq") == 3);
  CHECK(messages[1].at("messageId") == "id-4");
  CHECK(messages[1].at("sessionKey").as_string() == key);
  CHECK(messages[1].at("message") == page().at("messages").at(3));
  CHECK(delta.at("deltaCursor") == page().at("deltaCursor"));
  CHECK(since(delta.at("deltaCursor").as_string()).at("messages").as_array().empty());
}

TEST_CASE_METHOD(transcript, "history: a cursor that leads nowhere is answered by reset",
                 "[gateway]") {
  const auto reset = boost::json::value{{"kind", "reset"}};
  CHECK(since("1:x:1:0") == reset); // No such session.
  auto row = add_conversation(key, 3);
  const auto cursor = std::string{page().at("deltaCursor").as_string()};
  for (const auto* wrong : {"", "x", "eyJhIjoxfQ",
                            "1:session-of-agent:main:main:1:", "1:session-of-agent:main:main:1:4",
                            "1:session-of-agent:main:main:1:3x", "1:session-of-agent:main:main:2:3",
                            "1:session-of-agent:main:main:1:99999999999999999999"})
    CHECK(since(wrong) == reset);
  CHECK(since(cursor).at("kind") == "delta");
  history_query query;
  query.limit = 2;
  CHECK(since("1:session-of-agent:main:main:1:0", query) == reset); // Three came, two are allowed.
  query.limit = 3;
  CHECK(since("1:session-of-agent:main:main:1:0", query).at("messages").as_array().size() == 3);
  query.bytes_max = 600;
  CHECK(since("1:session-of-agent:main:main:1:0", query) == reset);
  row.session_id = "another"; // sessions.reset
  row.history_from = 4;
  put(row);
  CHECK(since(cursor) == reset);
}

TEST_CASE_METHOD(transcript, "history: a cursor's result tells the fate of inputs", "[gateway]") {
  add_conversation(key, 2);
  const auto run = [&](const std::string& id, tables::run_state state, std::uint64_t first_seq) {
    tables::run_row row;
    row.run_id = id;
    row.conversation = key;
    row.state = state;
    row.first_seq = first_seq;
    put(row);
  };
  run("waits", tables::run_state::queued, 0);
  run("runs", tables::run_state::open, 1);
  const auto cursor = std::string{page().at("deltaCursor").as_string()};
  const auto delta = since(cursor, {}, {"waits", "runs", "unknown"});
  CHECK(delta.at("inputReceipts") ==
        boost::json::array(
            {{{"runId", "waits"}, {"state", "pending"}},
             {{"runId", "runs"}, {"state", "consumed"}, {"consumedByEventId", "id-1"}}}));
}

TEST_CASE_METHOD(transcript, "history: an unknown session is empty, not an error", "[gateway]") {
  const auto shown = page();
  CHECK(shown.at("sessionKey").as_string() == key);
  CHECK(seqs(shown).empty());
  CHECK_FALSE(shown.as_object().contains("sessionInfo"));
  CHECK(shown.at("pendingInputs").at("total") == 0);
}

TEST_CASE_METHOD(transcript, "history: a page stays within its bytes, oldest left out",
                 "[gateway]") {
  add_conversation(key, 5);
  history_query query;
  const auto whole = text().size();
  query.bytes_max = 700;
  const auto shown = page(query);
  CHECK(shown.at("messages").as_array().size() < 5);
  CHECK(shown.at("messages").as_array().size() >= 1);
  CHECK(shown.at("hasMore") == true);
  CHECK(seqs(shown).ends_with("5 "));
  CHECK(whole > 700);
}

TEST_CASE_METHOD(transcript, "history: a message too long for the page is shortened", "[gateway]") {
  auto row = add_conversation(key, 1);
  tables::message_row huge;
  huge.seq = 2;
  huge.id = "huge";
  huge.role = tables::message_role::assistant;
  huge.text = std::string(100'000, 'x');
  put(key, huge);
  row.message_seq = 2;
  put(row);
  history_query query;
  query.bytes_max = 10'000;
  const auto shown = page(query);
  const auto& messages = shown.at("messages").as_array();
  const auto& text = messages.back().at("content").at(0).at("text").as_string();
  CHECK(text.size() < 10'000);
  CHECK(text.find("shortened") != std::string::npos);
  query = {};
  query.text_bytes_max = 10;
  const auto cut = page(query).at("messages").as_array().back();
  CHECK(cut.at("content").at(0).at("text").as_string().starts_with("xxxxxxxxxx\n["));
}

TEST_CASE_METHOD(transcript, "history: waiting inputs are shown, twenty at most", "[gateway]") {
  add_conversation(key, 1);
  for (std::uint64_t order = 1; order <= 21; ++order) {
    tables::input_row input;
    input.order = order;
    input.run_id = "r" + std::to_string(order);
    input.text = "wait";
    input.accepted_at = 5;
    put(key, input);
  }
  const auto pending = page().at("pendingInputs");
  CHECK(pending.at("total") == 21);
  CHECK(pending.at("items").as_array().size() == 20);
  const auto& first = pending.at("items").at(0);
  CHECK(first.at("id") == "r1");
  CHECK(first.at("state") == "queued");
  CHECK(first.at("message").at("idempotencyKey") == "r1:user");
}

TEST_CASE_METHOD(transcript, "history: messages have the shapes of the protocol", "[gateway]") {
  auto row = add_conversation(key, 1);
  tables::message_row asks;
  asks.seq = 2;
  asks.id = "a2";
  asks.role = tables::message_role::assistant;
  asks.run_id = "run-1";
  asks.at = 70;
  asks.text = "let me look";
  asks.thinking = "hm";
  asks.calls = {{"c1", "read", R"({"path":"x"})"}, {"c2", "ls", "not json"}};
  asks.provider = "fake";
  asks.model = "fake-1";
  asks.api = "openai-completions";
  asks.stop_reason = "toolUse";
  asks.input_tokens = 3;
  asks.output_tokens = 4;
  put(key, asks);
  tables::message_row result;
  result.seq = 3;
  result.id = "t3";
  result.role = tables::message_role::tool_result;
  result.run_id = "run-1";
  result.call_id = "c1";
  result.tool_name = "read";
  result.text = "content";
  result.is_error = true;
  put(key, result);
  row.message_seq = 3;
  put(row);

  const auto shown = page();
  const auto& user = shown.at("messages").at(0);
  CHECK(user.at("role") == "user");
  CHECK(user.at("content") == "message 1");
  CHECK(user.at("idempotencyKey") == "run-1:user");
  CHECK(user.at("__openclaw").at("idempotencyKey") == "run-1:user");
  CHECK(user.at("__openclaw").at("id") == "id-1");
  const auto& assistant = shown.at("messages").at(1);
  CHECK(assistant.at("content").at(0).at("type") == "thinking");
  CHECK(assistant.at("content").at(1).at("text") == "let me look");
  CHECK(assistant.at("content").at(2).at("arguments").at("path") == "x");
  CHECK(assistant.at("content").at(3).at("arguments").as_object().empty());
  CHECK(assistant.at("usage").at("totalTokens") == 7);
  CHECK(assistant.at("stopReason") == "toolUse");
  CHECK(assistant.at("timestamp") == 70);
  const auto& tool = shown.at("messages").at(2);
  CHECK(tool.at("role") == "toolResult");
  CHECK(tool.at("isError") == true);
  CHECK(tool.at("content").at(0).at("text") == "content");
  const auto& activity = shown.at("activity").at(0);
  CHECK(activity.at("messageId") == "t3");
  CHECK(activity.at("items").at(0).at("status") == "failed");
}

TEST_CASE_METHOD(transcript, "history: a command is marked as no part of the context",
                 "[gateway]") {
  add_conversation(key, 2);
  tables::message_row command;
  command.seq = 2;
  command.id = "id-2";
  command.role = tables::message_role::assistant;
  command.text = "status";
  command.context_free = true;
  put(key, command);
  const auto shown = page();
  CHECK_FALSE(shown.at("messages").at(0).as_object().contains("excludeFromContext"));
  const auto& marked = shown.at("messages").at(1);
  CHECK(marked.at("excludeFromContext") == true);
  CHECK(marked.at("__openclaw").at("contextFreeCommand") == true);
}

TEST_CASE_METHOD(transcript, "history: the run in flight comes along", "[gateway]") {
  const auto shown = parse(text({}, R"({"runId":"r","text":"par"})"));
  CHECK(shown.at("inFlightRun").at("text") == "par");
}

namespace {

/// Puts the text's chunks and leaves its head and references in the row.
template <class Row>
void put_long(transcript& world, Row row, const std::string& text) {
  const auto split = tables::split(text, tables::text_head_bytes_max);
  for (const auto& piece : split.pieces)
    world.log.put(world.log.shard_of(key), tables::chunk_key(tables::digest_of(key), piece.id),
                  tables::encode_chunk(piece.bytes));
  row.text = split.head;
  row.text_chunks = split.rest;
  world.put(key, row);
}

} // namespace

TEST_CASE_METHOD(transcript, "history: a text in chunks is shown whole, or cut where it must be",
                 "[gateway]") {
  const auto text = test::long_text(400'000);
  const auto longer = test::long_text(3'000'000);
  auto row = add_conversation(key, 1);
  const auto cursor = std::string{page().at("deltaCursor").as_string()};
  tables::message_row message;
  message.role = tables::message_role::user;
  message.seq = 2;
  put_long(*this, message, text);
  message.seq = 3;
  put_long(*this, message, longer);
  row.message_seq = 3;
  put(row);

  const auto whole = page();
  const auto& messages = whole.at("messages").as_array();
  REQUIRE(messages.size() == 3);
  CHECK((messages[1].at("content").as_string() == text));
  const auto& cut = messages[2].at("content").as_string();
  CHECK(cut.size() < history_text_bytes_max + 100);
  CHECK(longer.starts_with(std::string_view{cut}.substr(0, history_text_bytes_max)));
  CHECK(cut.find("shortened") != std::string::npos);

  const auto delta = since(cursor);
  CHECK(delta.at("messages").at(0).at("message") == messages[1]);
  CHECK(delta.at("messages").at(1).at("message") == messages[2]);

  history_query small;
  small.bytes_max = 4'000;
  CHECK(since(cursor, small).at("kind") == "reset");
  const auto shown = this->text(small);
  CHECK(shown.size() < 8'000);
}

TEST_CASE_METHOD(transcript, "history: a text that cannot be read ends the page, not the answer",
                 "[gateway]") {
  auto row = add_conversation(key, 1);
  const auto cursor = std::string{page().at("deltaCursor").as_string()};
  row = add_conversation(key, 3);
  tables::message_row lost;
  lost.seq = 2;
  lost.role = tables::message_role::user;
  lost.text = "head";
  lost.text_chunks = {5, {tables::digest_of("gone")}};
  put(key, lost);
  const auto shown = page();
  CHECK(seqs(shown) == "3 ");
  CHECK(shown.at("hasMore") == true);
  CHECK(since(cursor).at("kind") == "reset");
}

TEST_CASE_METHOD(transcript, "history: waiting inputs share a bound for their texts", "[gateway]") {
  add_conversation(key, 1);
  const auto text = test::long_text(900'000);
  for (std::uint64_t order = 1; order <= 4; ++order) {
    tables::input_row input;
    input.order = order;
    input.run_id = "r" + std::to_string(order);
    put_long(*this, input, text);
  }
  const auto shown = page();
  const auto& items = shown.at("pendingInputs").at("items").as_array();
  REQUIRE(items.size() == 4);
  std::size_t bytes = 0;
  for (const auto& item : items)
    bytes += item.at("message").at("content").as_string().size();
  CHECK(bytes < pending_text_bytes_max + 1'000);
  CHECK(bytes > pending_text_bytes_max / 2);
}

} // namespace troupe::gateway
