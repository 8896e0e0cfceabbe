#include "actors/gateway/limits.hpp"
#include "tests/component/actors/gateway/client_world.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fstream>

namespace troupe::test {

using namespace std::chrono_literals;

namespace {

json::object send_params(std::string_view run_id = "r") {
  return {{"sessionKey", "main"}, {"message", "hello"}, {"idempotencyKey", run_id}};
}
json::object agent_params(std::string_view run_id = "r") {
  return {{"message", "hello"}, {"idempotencyKey", run_id}};
}

} // namespace

TEST_CASE_METHOD(client_world, "client: is challenged at once, then welcomed", "[gateway]") {
  auto peer = open();
  const auto challenge = frame(peer);
  CHECK(challenge.at("event") == "connect.challenge");
  CHECK(challenge.at("payload").at("nonce").as_string().size() == 36);
  CHECK_FALSE(challenge.contains("seq"));
  CHECK_FALSE(peer.connection->greeted);
  auto greeted = connect();
  CHECK(greeted.connection->greeted);
  CHECK(facts.status->clients == 2);
}

TEST_CASE_METHOD(client_world, "client: a wrong token is refused after a pause, and closed",
                 "[gateway]") {
  auto peer = open();
  frames(peer);
  const json::object params{
      {"minProtocol", 4},
      {"maxProtocol", 4},
      {"client", {{"id", "cli"}, {"version", "1"}, {"platform", "x"}, {"mode", "cli"}}},
      {"auth", {{"token", "wrong"}}}};
  request(peer, "c1", "connect", params);
  CHECK(frames(peer).empty());
  CHECK_FALSE(peer.connection->closed);
  request(peer, "c2", "connect", params); // Impatience changes nothing.
  CHECK(frames(peer).empty());
  advance(250ms);
  const auto answered = frame(peer);
  CHECK(answered.at("id") == "c1");
  CHECK(error_of(answered).at("details").at("code") == "AUTH_TOKEN_MISMATCH");
  REQUIRE(peer.connection->closed);
  CHECK(peer.connection->closed->first == 1008);
  CHECK(actors_of("client") == 0);
}

TEST_CASE_METHOD(client_world, "client: chat.send is answered by its receipt, then events come",
                 "[gateway]") {
  auto peer = connect();
  const auto answered = call(peer, "chat.send", send_params());
  CHECK(payload_of(answered).at("runId") == "r");
  CHECK(payload_of(answered).at("status") == "started");
  REQUIRE(conversations.inputs.size() == 1);
  CHECK(conversations.inputs.front().key == "agent:main:main");
  CHECK(conversations.inputs.front().text == "hello");
  CHECK(conversations.inputs.front().client_id == "gateway-client");

  happen("agent:main:main", run_event::started{7});
  happen("agent:main:main", run_event::text_delta{0, "Hi", false});
  finish("agent:main:main", "Hi");
  const auto events = frames(peer);
  CHECK(names_of(events) == "agent:lifecycle agent:assistant chat:delta agent:lifecycle "
                            "agent:lifecycle agent:lifecycle chat:final ");
  for (std::size_t i = 0; i < events.size(); ++i)
    CHECK(events[i].at("seq") == i + 2);
}

TEST_CASE_METHOD(client_world, "client: duplicates of a send are told apart", "[gateway]") {
  auto peer = connect();
  conversations.receipt = receipt_kind::in_flight;
  CHECK(payload_of(call(peer, "chat.send", send_params())).at("status") == "in_flight");
  conversations.receipt = receipt_kind::finished;
  conversations.finished = std::make_shared<run_outcome>(outcome_of("r", "x"));
  CHECK(payload_of(call(peer, "chat.send", send_params())).at("status") == "ok");
}

TEST_CASE_METHOD(client_world, "client: a refused input says what can be done", "[gateway]") {
  auto peer = connect();
  conversations.refuse = error{errc::overloaded, "20 inputs wait already"};
  const auto answered = call(peer, "chat.send", send_params());
  CHECK(error_of(answered).at("code") == "UNAVAILABLE");
  CHECK(error_of(answered).at("retryable") == true);
  CHECK(error_of(answered).at("retryAfterMs").to_number<int>() > 0);
  conversations.refuse = error{errc::forbidden, "quarantined"};
  CHECK(error_of(call(peer, "chat.send", send_params())).at("code") == "FORBIDDEN");
}

TEST_CASE_METHOD(client_world, "client: an input without room is refused here", "[gateway]") {
  auto peer = connect();
  std::vector<credit> taken;
  while (auto place = facts.context->inputs->take())
    taken.push_back(std::move(place));
  CHECK(error_of(call(peer, "chat.send", send_params())).at("code") == "UNAVAILABLE");
  CHECK(conversations.inputs.empty());
}

TEST_CASE_METHOD(client_world, "client: an input that is never answered times out", "[gateway]") {
  auto peer = connect();
  conversations.silent = true;
  request(peer, "1", "chat.send", send_params());
  CHECK(frames(peer).empty());
  advance(gateway::submit_timeout);
  const auto answered = answer_among(peer);
  CHECK(error_of(answered).at("code") == "UNAVAILABLE");
  CHECK(error_of(answered).at("retryable") == true);
}

TEST_CASE_METHOD(client_world, "client: agent answers twice on one id", "[gateway]") {
  auto peer = connect();
  const auto first = call(peer, "agent", agent_params());
  CHECK(payload_of(first).at("status") == "accepted");
  CHECK(payload_of(first).at("runId") == "r");
  CHECK(payload_of(first).at("sessionKey") == "agent:main:main");
  CHECK(payload_of(first).at("acceptedAt") == 5);
  end_run(outcome_of("r", "done"));
  const auto second = frame(peer);
  CHECK(second.at("id") == first.at("id"));
  CHECK(payload_of(second).at("status") == "ok");
  CHECK(payload_of(second).at("result").at("payloads").at(0).at("text") == "done");
}

TEST_CASE_METHOD(client_world, "client: agent finds its run again when the conversation crashed",
                 "[gateway]") {
  auto peer = connect();
  call(peer, "agent", agent_params());
  lose_runs();
  CHECK(frames(peer).empty());
  advance(gateway::await_retry_delay_max);
  CHECK(conversations.awaits.size() == 2);
  end_run(outcome_of("r", "after all"));
  CHECK(payload_of(frame(peer)).at("status") == "ok");
}

TEST_CASE_METHOD(client_world, "client: agent gives up on a conversation that stays away",
                 "[gateway]") {
  auto peer = connect();
  call(peer, "agent", agent_params());
  for (unsigned i = 0; i <= gateway::await_retries_max; ++i) {
    lose_runs();
    advance(gateway::await_retry_delay_max);
  }
  const auto answered = answer_among(peer);
  CHECK(error_of(answered).at("code") == "UNAVAILABLE");
  CHECK(answered.at("payload").at("status") == "error");
}

TEST_CASE_METHOD(client_world, "client: a failed run fails the second answer, with its payload",
                 "[gateway]") {
  auto peer = connect();
  call(peer, "agent", agent_params());
  auto outcome = outcome_of("r", "");
  outcome.status = tables::run_status::error;
  outcome.error = "no credit";
  end_run(outcome);
  const auto answered = frame(peer);
  CHECK(error_of(answered).at("code") == "UNAVAILABLE");
  CHECK(error_of(answered).at("message") == "no credit");
  CHECK(answered.at("payload").at("status") == "error");
}

TEST_CASE_METHOD(client_world, "client: agent of a finished run answers once, from the record",
                 "[gateway]") {
  auto peer = connect();
  conversations.receipt = receipt_kind::finished;
  conversations.finished = std::make_shared<run_outcome>(outcome_of("r", "cached"));
  CHECK(payload_of(call(peer, "agent", agent_params()))
            .at("result")
            .at("payloads")
            .at(0)
            .at("text") == "cached");
}

TEST_CASE_METHOD(client_world, "client: agent.wait knows a run by its row", "[gateway]") {
  auto peer = connect();
  tables::run_row row;
  row.run_id = "r";
  row.conversation = "agent:main:x";
  facts.put(row);
  request(peer, "w", "agent.wait", {{"runId", "r"}});
  REQUIRE(conversations.awaits.size() == 1);
  CHECK(conversations.awaits.front().key == "agent:main:x");
  end_run(outcome_of("r", "done"));
  CHECK(payload_of(frame(peer)).at("status") == "ok");
}

TEST_CASE_METHOD(client_world, "client: agent.wait waits for a run nobody knows yet", "[gateway]") {
  auto peer = connect({"operator.write"}, {"session-scoped-events"});
  request(peer, "w", "agent.wait", {{"runId", "r"}, {"timeoutMs", 1000}});
  CHECK(frames(peer).empty());
  happen("agent:main:y", run_event::accepted{});
  REQUIRE(conversations.awaits.size() == 1);
  CHECK(conversations.awaits.front().key == "agent:main:y");
  end_run(outcome_of("r", "done"));
  CHECK(payload_of(frame(peer)).at("terminalReply").at("text") == "done");
}

TEST_CASE_METHOD(client_world, "client: agent.wait ends at its timeout", "[gateway]") {
  auto peer = connect();
  request(peer, "w", "agent.wait", {{"runId", "never"}, {"timeoutMs", 500}});
  advance(500ms);
  CHECK(payload_of(frame(peer)) == json::object{{"runId", "never"}, {"status", "timeout"}});
}

TEST_CASE_METHOD(client_world, "client: the 257th request in flight is refused", "[gateway]") {
  auto peer = connect();
  conversations.silent = true;
  for (std::uint32_t i = 0; i < gateway::requests_in_flight_max; ++i)
    request(peer, std::to_string(i), "agent.wait", {{"runId", "x"}});
  CHECK(frames(peer).empty());
  request(peer, "257", "health", {});
  auto answered = frame(peer);
  CHECK(answered.at("id") == "257");
  CHECK(error_of(answered).at("code") == "UNAVAILABLE");
  CHECK(error_of(answered).at("retryable") == true);
  advance(gateway::agent_wait_default);
  CHECK(frames(peer).size() == gateway::requests_in_flight_max + 1); // And a tick.
  CHECK(call(peer, "health").at("ok") == true);
}

TEST_CASE_METHOD(client_world, "client: methods are refused by name, scope and parameters",
                 "[gateway]") {
  auto peer = connect({"operator.read"});
  CHECK(error_of(call(peer, "no.such")).at("message") == "unknown method: no.such");
  const auto forbidden = call(peer, "chat.send", send_params());
  CHECK(error_of(forbidden).at("code") == "FORBIDDEN");
  CHECK(error_of(forbidden).at("message") == "missing scope: operator.write");
  CHECK(error_of(forbidden).at("details") == json::value{{"code", "MISSING_SCOPE"},
                                                         {"missingScope", "operator.write"},
                                                         {"requiredScopes", {"operator.write"}}});
  CHECK(error_of(call(peer, "chat.history", {{"nope", 1}})).at("message") ==
        "invalid chat.history params: must have required property 'sessionKey'; at root: "
        "unexpected property 'nope'");
  CHECK(error_of(call(peer, "connect")).at("message") ==
        "connect is only valid as the first request");
  CHECK(error_of(call(peer, "chat.history", {{"sessionKey", "agent:nope:x"}}))
            .at("details")
            .at("code") == "UNKNOWN_AGENT_ID");
}

TEST_CASE_METHOD(client_world, "client: junk after the handshake does not close", "[gateway]") {
  auto peer = connect();
  say(peer, "not json");
  CHECK(frames(peer).empty());
  say(peer, R"({"type":"req","id":"b1"})");
  CHECK(error_of(frame(peer)).at("message") ==
        "invalid request frame: must have required property 'method'");
  say(peer, R"({"type":"event","event":"x"})");
  CHECK(frame(peer).at("id") == "invalid");
  CHECK(call(peer, "health").at("ok") == true);
}

TEST_CASE_METHOD(client_world, "client: a frame's credit is given back once it is handled",
                 "[gateway]") {
  auto peer = connect();
  auto credit = std::make_shared<int>(1);
  peer.handler->on_text("not json", credit);
  CHECK(credit.use_count() == 2);
  run();
  CHECK(credit.use_count() == 1);
}

TEST_CASE_METHOD(client_world, "client: history comes with the run in flight", "[gateway]") {
  auto peer = connect();
  facts.add_conversation("agent:main:main", 2);
  happen("agent:main:main", run_event::started{7});
  happen("agent:main:main", run_event::text_delta{0, "par", false});
  frames(peer);
  const auto shown = call(peer, "chat.history", {{"sessionKey", "main"}});
  CHECK(payload_of(shown).at("messages").as_array().size() == 2);
  CHECK(payload_of(shown).at("inFlightRun").at("text") == "par");
  CHECK(payload_of(call(peer, "chat.history", {{"sessionKey", "main"}, {"cursor", "x"}})) ==
        json::object{{"kind", "reset"}});
}

TEST_CASE_METHOD(client_world, "client: aborting tells which runs it stopped", "[gateway]") {
  auto peer = connect();
  CHECK(payload_of(call(peer, "chat.abort", {{"sessionKey", "main"}, {"runId", "r"}})) ==
        json::object{{"ok", true}, {"aborted", true}, {"runIds", {"r"}}});
  CHECK(payload_of(call(peer, "chat.abort", {{"sessionKey", "main"}})) ==
        json::object{{"ok", true}, {"aborted", false}, {"runIds", json::array{}}});
}

TEST_CASE_METHOD(client_world, "client: sessions are made, reset, deleted and described",
                 "[gateway]") {
  auto peer = connect();
  const auto made = call(peer, "sessions.create", {{"key", "tui-1"}});
  CHECK(payload_of(made).at("key") == "agent:main:tui-1");
  CHECK(payload_of(made).at("sessionId") == "fresh");
  CHECK(payload_of(made).at("runStarted") == false);
  const auto begun = call(peer, "sessions.create", {{"message", "go"}, {"idempotencyKey", "k"}});
  CHECK(payload_of(begun).at("key").as_string().starts_with("agent:main:dashboard:"));
  CHECK(payload_of(begun).at("runId") == "k");
  CHECK(conversations.inputs.back().text == "go");
  CHECK(error_of(call(peer, "sessions.create", {{"incognito", true}})).at("code") ==
        "INVALID_REQUEST");
  CHECK(payload_of(call(peer, "sessions.reset", {{"key", "main"}})).at("entry").at("sessionId") ==
        "fresh");
  CHECK(payload_of(call(peer, "sessions.delete", {{"key", "main"}})).at("deleted") == true);
  CHECK(payload_of(call(peer, "sessions.describe", {{"key", "main"}})).at("session").is_null());
  facts.add_conversation("agent:main:main", 1);
  CHECK(payload_of(call(peer, "sessions.describe", {{"key", "main"}})).at("session").at("key") ==
        "agent:main:main");
}

TEST_CASE_METHOD(client_world, "client: a session with an active run is not reset or deleted",
                 "[gateway]") {
  auto peer = connect();
  auto row = facts.add_conversation("agent:main:main", 1);
  row.active_run = "r";
  facts.put(row);
  conversations.refuse = error{errc::unavailable, "a run is active"};
  for (const auto* name : {"sessions.reset", "sessions.delete"})
    CHECK(error_of(call(peer, name, {{"key", "main"}})) ==
          json::object{{"code", "INVALID_REQUEST"},
                       {"message", "Session agent:main:main has an active run; retry after it "
                                   "finishes."}});
}

TEST_CASE_METHOD(client_world, "client: catalogs follow the config", "[gateway]") {
  auto peer = connect();
  const auto agents = call(peer, "agents.list");
  CHECK(payload_of(agents).at("defaultId") == "main");
  CHECK(payload_of(agents).at("agents").at(0).at("model").at("primary") == "fake/fake-1");
  const auto models = call(peer, "models.list");
  const auto& model = payload_of(models).at("models").at(0);
  CHECK(model.at("id") == "fake-1");
  CHECK(model.at("tags") == json::array({"default"}));
  CHECK(model.at("available") == true);
}

TEST_CASE_METHOD(client_world, "client: a page opens with history and what there is to choose",
                 "[gateway]") {
  facts.add_conversation("agent:main:main", 2);
  auto peer = connect();
  const auto started = call(peer, "chat.startup", {{"sessionKey", "main"}, {"limit", 1}});
  const auto& page = payload_of(started);
  CHECK(page.at("messages").as_array().size() == 1);
  CHECK(page.at("metadata").at("models").at(0).at("id") == "fake-1");
  CHECK(page.at("metadata").at("swarmEnabled") == false);
  const auto cursor = page.at("deltaCursor");
  const auto since = call(peer, "chat.history", {{"sessionKey", "main"}, {"cursor", cursor}});
  CHECK(payload_of(since).at("kind") == "delta");
  const auto lost = call(peer, "chat.history", {{"sessionKey", "main"}, {"cursor", "x"}});
  CHECK(payload_of(lost) == json::object{{"kind", "reset"}});
}

TEST_CASE_METHOD(client_world, "client: what does not exist yet is answered by its empty state",
                 "[gateway]") {
  auto peer = connect();
  CHECK(call(peer, "last-heartbeat").at("payload").is_null());
  CHECK(payload_of(call(peer, "question.list")) == json::object{{"questions", json::array{}}});
  CHECK(payload_of(call(peer, "cron.status")).at("jobs") == 0);
  const auto jobs = call(peer, "cron.list", {{"limit", 50}, {"offset", 3}});
  CHECK(payload_of(jobs).at("jobs").as_array().empty());
  CHECK(payload_of(jobs).at("limit") == 50);
  CHECK(payload_of(jobs).at("offset") == 3);
  CHECK(error_of(call(peer, "cron.add")).at("message") == "unknown method: cron.add");
}

TEST_CASE_METHOD(client_world, "client: an agent has a name, of its own or none", "[gateway]") {
  facts.add_agent("work");
  facts.config->values.agents.entries.back().name = "élan";
  auto peer = connect();
  CHECK(payload_of(call(peer, "agent.identity.get")) == json::object{{"agentId", "main"},
                                                                     {"name", "Assistant"},
                                                                     {"nameSource", "default"},
                                                                     {"avatar", "A"}});
  const auto named = call(peer, "agent.identity.get", {{"sessionKey", "agent:work:main"}});
  CHECK(payload_of(named).at("name") == "élan");
  CHECK(payload_of(named).at("nameSource") == "config");
  CHECK(payload_of(named).at("avatar") == "é");
  const auto nobody = call(peer, "agent.identity.get", {{"agentId", "nobody"}});
  CHECK(error_of(nobody).at("details").at("code") == "UNKNOWN_AGENT_ID");
}

TEST_CASE_METHOD(client_world, "client: the log is read elsewhere and answered when it is read",
                 "[gateway]") {
  const temp_dir dir;
  facts.config->values.logging.file = dir / "troupe.log";
  std::ofstream{dir / "troupe.log"} << "one\ntwo\n";
  auto peer = connect();
  const auto tail = call(peer, "logs.tail", {{"limit", 1}});
  CHECK(payload_of(tail).at("lines") == json::array{"two"});
  CHECK(payload_of(tail).at("file").as_string() == dir / "troupe.log");
  CHECK(error_of(call(peer, "logs.tail", {{"limit", 0}})).at("message") ==
        "invalid logs.tail params: at /limit: must be >= 1");
  facts.config->values.logging.file = dir.path();
  CHECK(error_of(call(peer, "logs.tail")).at("code") == "UNAVAILABLE");
}

TEST_CASE_METHOD(client_world, "client: the config is shown without its secrets", "[gateway]") {
  facts.config->source = json::parse(R"({"gateway":{"auth":{"token":"hidden"}}})");
  facts.config->merged = facts.config->effective = facts.config->source;
  auto peer = connect({"operator.read"});
  const auto shown = call(peer, "config.get");
  CHECK(payload_of(shown).at("config").at("gateway").at("auth").at("token") ==
        "__OPENCLAW_REDACTED__");
  CHECK(json::serialize(shown).find("hidden") == std::string::npos);
}

TEST_CASE_METHOD(client_world, "client: a command reaches its conversation with its answer",
                 "[gateway]") {
  auto peer = connect();
  auto params = send_params();
  params["message"] = "/status";
  CHECK(payload_of(call(peer, "chat.send", params)).at("status") == "started");
  REQUIRE(conversations.inputs.size() == 1);
  const auto& input = conversations.inputs.front();
  CHECK(input.text == "/status");
  REQUIRE(input.command);
  CHECK(input.command->reply.find("Model: fake/fake-1") != std::string::npos);

  params["suppressCommandInterpretation"] = true;
  call(peer, "chat.send", params);
  CHECK_FALSE(conversations.inputs.back().command);
  params = send_params();
  params["message"] = "/slow 10s"; // Not ours.
  call(peer, "chat.send", params);
  CHECK_FALSE(conversations.inputs.back().command);
}

TEST_CASE_METHOD(client_world, "client: stop aborts once it is accepted, and only then",
                 "[gateway]") {
  auto peer = connect();
  auto params = send_params();
  params["message"] = "/stop";
  call(peer, "chat.send", params);
  REQUIRE(conversations.aborts.size() == 1);
  CHECK(conversations.aborts[0].key == "agent:main:main");
  CHECK(conversations.aborts[0].run_id.empty());
  conversations.receipt = receipt_kind::finished; // Sent again: what runs now is something else.
  call(peer, "chat.send", params);
  CHECK(conversations.aborts.size() == 1);
}

TEST_CASE_METHOD(client_world, "client: a reset by message is refused as one by method is",
                 "[gateway]") {
  auto writer = connect({"operator.read", "operator.write"});
  auto params = send_params();
  params["message"] = "/new hello";
  const auto forbidden = call(writer, "chat.send", params);
  CHECK(error_of(forbidden).at("details").at("missingScope") == "operator.admin");

  auto admin = connect();
  call(admin, "chat.send", params);
  REQUIRE(conversations.inputs.size() == 1);
  CHECK(conversations.inputs[0].text == "hello");
  CHECK(conversations.inputs[0].command->resets == "new");
  auto row = facts.add_conversation("agent:main:main", 1);
  row.active_run = "r";
  facts.put(row);
  conversations.refuse = error{errc::unavailable, "busy"};
  CHECK(error_of(call(admin, "chat.send", params)).at("message") ==
        "Session agent:main:main has an active run; retry after it finishes.");
  CHECK(error_of(call(admin, "chat.send", send_params())).at("code") == "UNAVAILABLE");
}

TEST_CASE_METHOD(client_world, "client: a session's settings are patched", "[gateway]") {
  auto peer = connect();
  const auto patched = call(peer, "sessions.patch",
                            {{"key", "main"},
                             {"label", "x"},
                             {"model", "fake-1"},
                             {"pinned", true},
                             {"unread", false},
                             {"expectedMarkedUnreadAt", nullptr},
                             {"thinkingLevel", "off"},
                             {"verboseLevel", nullptr}});
  CHECK(payload_of(patched).at("key") == "agent:main:main");
  CHECK(payload_of(patched).at("entry").at("sessionId") == "fresh");
  CHECK(payload_of(patched).at("resolved").at("model") == "fake-1");
  REQUIRE(conversations.patches.size() == 1);
  const auto& patch = conversations.patches.front();
  CHECK(patch.key == "agent:main:main");
  CHECK(patch.label == "x");
  CHECK(patch.model == "fake/fake-1");
  CHECK(patch.pinned == true);
  CHECK(patch.unread == false);
  CHECK(patch.expected_marked_unread_at == 0);
  CHECK_FALSE(patch.archived);
  call(peer, "sessions.patch", {{"key", "main"}, {"label", nullptr}});
  CHECK(conversations.patches.back().label == "");
  CHECK_FALSE(conversations.patches.back().model);
}

TEST_CASE_METHOD(client_world, "client: settings that are not built are refused by name",
                 "[gateway]") {
  auto peer = connect();
  const auto message = [&](const json::object& params) {
    return std::string{error_of(call(peer, "sessions.patch", params)).at("message").as_string()};
  };
  CHECK(message({{"key", "main"}, {"thinkingLevel", "low"}}) ==
        "thinkingLevel \"low\" is not supported for fake/fake-1 (use off)");
  CHECK(message({{"key", "main"}, {"verboseLevel", "on"}}) ==
        "verboseLevel is not supported by this gateway yet");
  CHECK(message({{"key", "main"}, {"model", "nothing"}}) == "model \"nothing\" is not configured");
  CHECK(message({{"key", "main"}, {"label", ""}}) ==
        "invalid sessions.patch params: at /label: must not have fewer than 1 characters");
  CHECK(message({{"key", "main"}, {"unread", false}, {"expectedMarkedUnreadAt", "x"}}) ==
        "invalid sessions.patch params: at /expectedMarkedUnreadAt: must be number");
  CHECK(conversations.patches.empty());
}

TEST_CASE_METHOD(client_world, "client: compaction is asked for by lines, or without",
                 "[gateway]") {
  auto peer = connect();
  call(peer, "sessions.compact", {{"key", "main"}});
  REQUIRE(conversations.compactions.size() == 1);
  CHECK(conversations.compactions[0].lines_max == 0); // It says what it cannot do.
  const auto done = call(peer, "sessions.compact", {{"key", "main"}, {"maxLines", 4}});
  CHECK(payload_of(done) ==
        json::object{{"ok", true}, {"key", "agent:main:main"}, {"compacted", true}, {"kept", 4}});
}

} // namespace troupe::test
