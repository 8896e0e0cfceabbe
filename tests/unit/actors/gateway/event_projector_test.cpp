#include "actors/gateway/event_projector.hpp"
#include "actors/gateway/frames.hpp"
#include "actors/gateway/limits.hpp"
#include "actors/gateway/session_events.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <string>
#include <vector>

namespace troupe::gateway {
namespace {

namespace json = boost::json;

constexpr audience everybody = for_run | for_tools | for_messages;

/// What a client makes of a stream of text: deltas, where `replace` begins anew.
void follow(std::string& text, const json::object& from, std::string_view delta) {
  if (const auto* replace = from.if_contains("replace"); replace != nullptr && replace->as_bool())
    text.clear();
  text += std::string_view{from.at(delta).as_string()};
}

/// One run and a client that sees all of it.
struct watched_run {
  event_projector projector;
  std::uint32_t attempt = 1;
  std::uint32_t n = 0;
  std::vector<json::object> events; ///< Whole frames, seq left out.
  std::string chat_text;
  std::string agent_text;
  std::uint64_t offset = 0;

  event_batch happen(decltype(run_event::what) what, audience wanted = everybody) {
    run_event event;
    event.key = "agent:main:main";
    event.agent_id = "main";
    event.session_id = "s";
    event.run_id = "r";
    event.attempt = attempt;
    event.n = ++n;
    event.at = 42;
    event.what = std::move(what);
    auto batch =
        projector.project(event, wanted, [](std::string_view) { return R"({"key":"k"})"; });
    for (const auto& projected : batch)
      take(json::parse(*projected.body + "}").as_object());
    return batch;
  }
  void say(const std::string& text, bool replace = false) {
    if (replace)
      offset = 0;
    happen(run_event::text_delta{offset, text, replace});
    offset += text.size();
  }
  void finish(const std::string& text, tables::run_status status = tables::run_status::ok) {
    auto outcome = std::make_shared<run_outcome>();
    outcome->run_id = "r";
    outcome->session_id = "s";
    outcome->status = status;
    outcome->stop_reason = status == tables::run_status::aborted ? "rpc" : "stop";
    outcome->text = text;
    outcome->provider = "fake";
    outcome->model = "fake-1";
    outcome->started_at = 1;
    outcome->ended_at = 2;
    if (status == tables::run_status::error) {
      outcome->error = "broken";
      outcome->error_kind = "rate_limit";
    }
    happen(run_event::finished{outcome});
  }

  /// "chat:delta agent:assistant …"
  std::string names() const {
    std::string out;
    for (const auto& event : events) {
      const auto& payload = event.at("payload").as_object();
      out += std::string{event.at("event").as_string()};
      if (const auto* state = payload.if_contains("state"))
        out += ":" + std::string{state->as_string()};
      if (const auto* stream = payload.if_contains("stream"))
        out += ":" + std::string{stream->as_string()};
      if (const auto* data = payload.if_contains("data"))
        if (const auto* phase = data->as_object().if_contains("phase"))
          out += ":" + std::string{phase->as_string()};
      out += " ";
    }
    return out;
  }
  const json::object& payload(std::size_t at) const {
    return events.at(at).at("payload").as_object();
  }
  const json::object& last() const { return payload(events.size() - 1); }

private:
  void take(json::object event) {
    const auto& payload = event.at("payload").as_object();
    if (const auto* state = payload.if_contains("state"); state != nullptr && *state == "delta") {
      follow(chat_text, payload, "deltaText");
      if (const auto* message = payload.if_contains("message"))
        CHECK(message->at("content").at(0).at("text").as_string() == chat_text);
    }
    if (const auto* stream = payload.if_contains("stream");
        stream != nullptr && *stream == "assistant") {
      const auto& data = payload.at("data").as_object();
      follow(agent_text, data, "delta");
      if (const auto* text = data.if_contains("text"))
        CHECK(text->as_string() == agent_text);
    }
    events.push_back(std::move(event));
  }
};

std::uint64_t seq_of(const json::object& payload) {
  return payload.at("seq").to_number<std::uint64_t>();
}

} // namespace

TEST_CASE_METHOD(watched_run, "projector: a plain turn has the order of the protocol",
                 "[gateway]") {
  happen(run_event::accepted{});
  happen(run_event::phase{"preparing_context"});
  happen(run_event::started{7});
  happen(run_event::phase{"starting_model"});
  happen(run_event::model_selected{"fake", "fake-1"});
  say("Hel");
  happen(run_event::usage{12});
  finish("Hello");
  CHECK(names() ==
        "chat:status agent:run_status:preparing_context agent:lifecycle:start "
        "chat:status agent:run_status:starting_model agent:lifecycle:model "
        "agent:assistant chat:delta agent:usage "
        "agent:assistant agent:lifecycle:finishing agent:lifecycle:model agent:lifecycle:end "
        "chat:delta chat:final ");
  CHECK(chat_text == "Hello");
  CHECK(agent_text == "Hello");
  CHECK(last().at("stopReason") == "stop");
  CHECK(last().at("message").at("content").at(0).at("text") == "Hello");
  const auto& end = payload(events.size() - 3).at("data").as_object();
  CHECK(end.at("terminalReply").at("text") == "Hello");
  CHECK(end.at("terminalReceipt").at("requested").at("model") == "fake-1");
  CHECK(projector.runs() == 0);
}

TEST_CASE_METHOD(watched_run, "projector: seq grows within an attempt and jumps with the next",
                 "[gateway]") {
  happen(run_event::started{7});
  say("a");
  say("b");
  std::uint64_t last_seq = 0;
  for (const auto& event : events) {
    const auto seq = seq_of(event.at("payload").as_object());
    CHECK(seq >= last_seq);
    CHECK(seq > 1'000'000);
    CHECK(seq < 2'000'000);
    last_seq = seq;
  }
  attempt = 2;
  n = 0;
  say("c", true);
  CHECK(seq_of(last()) > 2'000'000);
}

TEST_CASE_METHOD(watched_run, "projector: two fronts number alike, also one that came late",
                 "[gateway]") {
  happen(run_event::started{7});
  happen(run_event::usage{1});
  event_projector late;
  run_event event;
  event.key = "agent:main:main";
  event.run_id = "r";
  event.attempt = 1;
  event.n = ++n;
  event.what = run_event::usage{2};
  const auto other = late.project(event, everybody, {});
  --n;
  happen(run_event::usage{2});
  CHECK(seq_of(json::parse(*other.at(0).body + "}").at("payload").as_object()) == seq_of(last()));
}

TEST_CASE_METHOD(watched_run, "projector: a new attempt begins anew and says so", "[gateway]") {
  say("old words");
  attempt = 2;
  n = 0;
  offset = 0;
  say("new"); // `replace` is not even needed: the attempt tells.
  CHECK(last().at("replace") == true);
  CHECK(chat_text == "new");
  CHECK(agent_text == "new");
  say(" words");
  CHECK_FALSE(last().contains("replace"));
  finish("new words");
  CHECK(chat_text == "new words");
}

TEST_CASE_METHOD(watched_run, "projector: what an older attempt still says is not told",
                 "[gateway]") {
  attempt = 2;
  say("new", true);
  const auto before = events.size();
  attempt = 1;
  offset = 0;
  say("ghost");
  CHECK(events.size() == before);
}

TEST_CASE_METHOD(watched_run, "projector: the answer after a tool replaces what came before it",
                 "[gateway]") {
  say("Let me look. ");
  happen(run_event::tool_started{"c1", "read", R"({"path":"x"})", 10});
  happen(run_event::tool_finished{"c1", "read", "content", false, 10, 12});
  offset = 0;
  say("It is");
  CHECK(chat_text == "It is");
  finish("It is noon.");
  CHECK(chat_text == "It is noon.");
  CHECK(agent_text == "It is noon.");
}

TEST_CASE_METHOD(watched_run, "projector: tools are items for all, and tools for who asks",
                 "[gateway]") {
  happen(run_event::tool_started{"c1", "list_files", R"({"path":"x"})", 10});
  happen(run_event::tool_finished{"c1", "list_files", "out", true, 10, 12});
  CHECK(names() == "agent:item:start agent:tool:start agent:item:end agent:tool:result ");
  CHECK(payload(0).at("data").at("itemId") == "tool:c1");
  CHECK(payload(0).at("data").at("title") == "List files");
  CHECK(payload(1).at("data").at("args").at("path") == "x");
  CHECK(payload(2).at("data").at("status") == "failed");
  CHECK(payload(3).at("data").at("isError") == true);
  CHECK(payload(3).at("data").at("result").at("content").at(0).at("text") == "out");
  CHECK(happen(run_event::tool_started{"c2", "x", "", 10}, for_run).size() == 1);
  const auto batch = happen(run_event::tool_started{"c3", "x", "not json", 10});
  CHECK(batch.at(0).to == for_run);
  CHECK(batch.at(1).to == for_tools);
}

TEST_CASE_METHOD(watched_run, "projector: a command's answer is a final and nothing else",
                 "[gateway]") {
  auto outcome = std::make_shared<run_outcome>();
  outcome->run_id = "r";
  outcome->status = tables::run_status::ok;
  outcome->stop_reason = "stop";
  outcome->text = "all is well";
  outcome->at_once = true;
  happen(run_event::accepted{});
  happen(run_event::finished{outcome});
  CHECK(names() == "chat:final ");
  CHECK(last().at("message").at("content").at(0).at("text") == "all is well");
  CHECK(projector.runs() == 0);
}

TEST_CASE_METHOD(watched_run, "projector: who watches a session is told its tools with the row",
                 "[gateway]") {
  constexpr auto both = static_cast<audience>(for_tools | for_session_tools);
  auto batch = happen(run_event::tool_started{"c1", "read", R"({"path":"x"})", 10}, both);
  REQUIRE(batch.size() == 2);
  CHECK(batch.at(1).to == for_session_tools);
  CHECK(events.at(1).at("event") == "session.tool");
  auto told = payload(1);
  CHECK(told.at("session").at("key") == "k");
  told.erase("session");
  CHECK(told == payload(0)); // Else the same, with the same number.

  batch = happen(run_event::tool_finished{"c1", "read", "out", false, 10, 12}, for_session_tools);
  REQUIRE(batch.size() == 1);
  CHECK(last().at("data").at("phase") == "result");
  CHECK(last().at("data").at("result").at("content").at(0).at("text") == "out");
}

TEST_CASE_METHOD(watched_run, "projector: events without receivers are not built, text is kept",
                 "[gateway]") {
  CHECK(happen(run_event::text_delta{0, "unseen ", false}, 0).empty());
  chat_text = agent_text = "unseen "; // As a client that read the history would have it.
  offset = 7;
  say("seen");
  CHECK(last().at("message").at("content").at(0).at("text") == "unseen seen");
}

TEST_CASE_METHOD(watched_run, "projector: after a gap it is silent, then tells the whole",
                 "[gateway]") {
  say("a");
  const auto before = events.size();
  happen(run_event::text_delta{50, "z", false});
  CHECK(events.size() == before);
  finish("a…z");
  CHECK(chat_text == "a…z");
  CHECK(agent_text == "a…z");
}

TEST_CASE_METHOD(watched_run, "projector: what was told already is not told twice", "[gateway]") {
  say("abc");
  happen(run_event::text_delta{1, "bcd", false});
  CHECK(last().at("deltaText") == "d");
  happen(run_event::text_delta{1, "bc", false});
  CHECK(chat_text == "abcd");
}

TEST_CASE_METHOD(watched_run, "projector: a final text that differs replaces the deltas",
                 "[gateway]") {
  say("draft");
  finish("final");
  CHECK(chat_text == "final");
  CHECK(agent_text == "final");
}

TEST_CASE_METHOD(watched_run, "projector: text beyond the bound travels as deltas only",
                 "[gateway]") {
  const std::string half(run_text_bytes_max / 2 + 10, 'x');
  say(half);
  CHECK(last().contains("message"));
  say(half);
  CHECK_FALSE(last().contains("message"));
  finish(half + half + "end");
  CHECK(chat_text == half + half + "end");
}

TEST_CASE_METHOD(watched_run, "projector: a silent run ends without a message", "[gateway]") {
  finish("");
  CHECK(names().ends_with("agent:lifecycle:end chat:final "));
  CHECK_FALSE(last().contains("message"));
  CHECK(payload(events.size() - 2).at("data").at("terminalReply").at("disposition") == "empty");
}

TEST_CASE_METHOD(watched_run, "projector: an aborted run keeps its partial text", "[gateway]") {
  say("par");
  finish("part", tables::run_status::aborted);
  CHECK(names().ends_with("chat:aborted agent:lifecycle:end "));
  const auto& aborted = payload(events.size() - 2);
  CHECK(aborted.at("stopReason") == "rpc");
  CHECK(aborted.at("message").at("content").at(0).at("text") == "part");
  CHECK(last().at("data").at("status") == "cancelled");
  CHECK(projector.runs() == 0);
}

TEST_CASE_METHOD(watched_run, "projector: a failed run tells the agent first, then the chat",
                 "[gateway]") {
  finish("", tables::run_status::error);
  CHECK(names() == "agent:lifecycle:error chat:error ");
  CHECK(last().at("errorMessage") == "broken");
  CHECK(last().at("errorKind") == "rate_limit");
}

TEST_CASE_METHOD(watched_run, "projector: a retry leaves the run open and says why", "[gateway]") {
  happen(run_event::model_retry{2, 8, std::chrono::milliseconds{700}, "server_error", "again"});
  CHECK(names() ==
        "agent:lifecycle:finishing chat:status agent:run_status:retrying agent:assistant ");
  CHECK(last().at("data").at("replace") == true);
  const auto& data = payload(events.size() - 2).at("data");
  CHECK(data.at("retryAttempt") == 2);
  CHECK(data.at("maxAttempts") == 9);
  CHECK(data.at("delayMs") == 700);
}

TEST_CASE_METHOD(watched_run, "projector: what a failed call had said is taken back by its retry",
                 "[gateway]") {
  say("wro");
  happen(run_event::model_retry{1, 8, std::chrono::milliseconds{1}, "server_error", "again"});
  CHECK(last().at("data").at("text") == "");
  say("right", true);
  finish("right");
  CHECK(chat_text == "right");
  CHECK(agent_text == "right");
}

TEST_CASE_METHOD(watched_run, "projector: a run that nobody chats with does not tell its phases",
                 "[gateway]") {
  happen(run_event::accepted{false, false});
  happen(run_event::phase{"preparing_context"});
  CHECK(names().empty());
  attempt = 2; // Another attempt is as silent.
  happen(run_event::phase{"starting_model"});
  CHECK(names().empty());
  happen(run_event::started{7});
  CHECK(names() == "agent:lifecycle:start ");
}

TEST_CASE_METHOD(watched_run, "projector: committed messages go to who watches the session",
                 "[gateway]") {
  auto row = std::make_shared<tables::message_row>();
  row->seq = 5;
  row->id = "m5";
  row->run_id = "r";
  row->text = "hi";
  const auto batch = happen(run_event::message_committed{row});
  REQUIRE(batch.size() == 1);
  CHECK(batch.front().to == for_messages);
  CHECK(last().at("messageId") == "m5");
  CHECK(last().at("messageSeq") == 5);
  CHECK(last().at("session").at("key") == "k");
  CHECK(projector.runs() == 0); // A message alone opens no run.
}

TEST_CASE_METHOD(watched_run, "projector: the run in flight is shown until it ends", "[gateway]") {
  happen(run_event::accepted{});
  CHECK(projector.in_flight("agent:main:main").empty());
  happen(run_event::started{7});
  say("par");
  const auto shown = json::parse(projector.in_flight("agent:main:main"));
  CHECK(shown.at("runId") == "r");
  CHECK(shown.at("text") == "par");
  CHECK(shown.at("startedAt") == 7);
  CHECK(projector.in_flight("agent:main:other").empty());
  finish("part");
  CHECK(projector.in_flight("agent:main:main").empty());
}

TEST_CASE("projector: follows a bounded number of runs", "[gateway]") {
  event_projector projector;
  for (std::size_t i = 0; i < runs_followed_max + 10; ++i) {
    run_event event;
    event.key = "k";
    event.run_id = "r" + std::to_string(i);
    event.what = run_event::started{1};
    projector.project(event, 0, {});
  }
  CHECK(projector.runs() == runs_followed_max);
}

TEST_CASE("projector: however an answer is cut into deltas, they add up to it", "[gateway]") {
  CHECK(rc::check([] {
    // Also inside of multi-byte sequences, where no delta may end.
    const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        "a", "bc", "\xE2\x82\xAC", "\xE2", "\x82\xAC", "\xF0\x9F", "\x98\x80", "\n", "\""));
    std::string whole;
    for (const auto& piece : pieces)
      whole += piece;
    const auto told = *rc::gen::inRange<std::size_t>(0, pieces.size() + 1);
    watched_run run;
    for (std::size_t i = 0; i < told; ++i)
      run.say(pieces[i]);
    run.finish(whole);
    // What is no UTF-8 is replaced on the wire, in deltas as in the final.
    std::string expected;
    append_json_string(expected, whole);
    RC_ASSERT(run.chat_text == json::parse(expected).as_string());
    RC_ASSERT(run.agent_text == run.chat_text);
  }));
}

TEST_CASE("projector: session changes tell reason and phase apart", "[gateway]") {
  session_event event{"agent:main:main", "agent.run.started", "start", "r", "", 9};
  const auto both = project_session_event(event, R"({"key":"k"})");
  REQUIRE(both.size() == 2);
  CHECK(*both[0].body ==
        R"({"type":"event","event":"sessions.changed","payload":{"sessionKey":"agent:main:main",)"
        R"("agentId":"main","reason":"agent.run.started","ts":9,"session":{"key":"k"}})");
  CHECK(both[1].body->find(R"("phase":"start","runId":"r")") != std::string::npos);
  const auto deleted = project_session_event({"agent:main:x", "delete", "", "", "old-id", 9}, {});
  REQUIRE(deleted.size() == 1);
  CHECK(deleted[0].body->find(R"("sessionId":"old-id")") != std::string::npos);
  CHECK(deleted[0].to == for_sessions);
}

} // namespace troupe::gateway
