#include "app/cli/json_view.hpp"
#include "tests/component/app/cli_world.hpp"
#include "tests/component/app/fake_gateway.hpp"

#include <catch2/catch.hpp>

namespace {

using namespace troupe::test;
namespace json = boost::json;
using troupe::cli::find;
using troupe::cli::text_at;

std::string key_of(const json::object& request) {
  return std::string{text_at(request, "params.idempotencyKey")};
}

void acknowledge(fake_connection& client, const json::object& request, const char* status) {
  client.respond(request, {{"runId", key_of(request)}, {"status", status}});
}

void say(fake_connection& client, const std::string& run_id, const std::string& text,
         bool replace = false) {
  json::object payload{{"runId", run_id}, {"state", "delta"}, {"deltaText", text}};
  if (replace)
    payload["replace"] = true;
  client.event("chat", std::move(payload));
}

json::object message_of(const std::string& text) {
  return {{"role", "assistant"}, {"content", json::array{{{"type", "text"}, {"text", text}}}}};
}

void finish(fake_connection& client, const std::string& run_id, const std::string& text) {
  client.event("chat", {{"runId", run_id}, {"state", "final"}, {"message", message_of(text)}});
}

/// Answers every message with "You said <message>".
void echo(fake_connection& client) {
  client.welcome();
  while (true) {
    const auto asked = client.expect("chat.send");
    acknowledge(client, asked, "started");
    finish(client, key_of(asked), "You said " + std::string{text_at(asked, "params.message")});
  }
}

json::value history_of(const std::string& run_id, const std::string& text) {
  auto answer = message_of(text);
  answer["stopReason"] = "stop";
  answer["__openclaw"] = {{"runId", run_id}};
  json::object question{{"role", "user"}, {"content", "q"}, {"idempotencyKey", run_id + ":user"}};
  return {{"messages", json::array{std::move(question), std::move(answer)}}};
}

} // namespace

TEST_CASE("chat: --message streams one answer with its tools and leaves") {
  fake_gateway gateway{{[](fake_connection& client) {
    client.welcome();
    const auto asked = client.expect("chat.send");
    const auto run = key_of(asked);
    acknowledge(client, asked, "started");
    for (const char* const phase : {"start", "end"})
      client.event("agent", {{"runId", run},
                             {"stream", "item"},
                             {"data",
                              {{"kind", "tool"},
                               {"phase", phase},
                               {"toolCallId", "c1"},
                               {"name", "session_status"}}}});
    say(client, run, "It is ");
    say(client, run, "ten.");
    finish(client, run, "It is ten.");
    client.request();
  }}};
  cli_world shell;

  CHECK(shell.run({"chat", "--message", "time?", "--session-key", "s", "--url", gateway.url()}) ==
        0);
  CHECK(shell.out == "· session_status …\nIt is ten.\n");
  const auto send = gateway.requests("chat.send").at(0);
  CHECK(text_at(send, "params.sessionKey") == "s");
  CHECK(text_at(send, "params.message") == "time?");
  CHECK(text_at(gateway.requests("sessions.messages.subscribe").at(0), "params.key") == "s");
}

TEST_CASE("chat: lines of a pipe are answered in turn, up to the last one without an end") {
  fake_gateway gateway{{echo}};
  cli_world shell;
  shell.type("one\n\n  \r\ntwo\r\nthree");

  CHECK(shell.run({"chat", "--url", gateway.url()}) == 0);
  CHECK(shell.out == "You said one\nYou said two\nYou said three\n");
}

TEST_CASE("chat: /quit ends the input") {
  fake_gateway gateway{{echo}};
  cli_world shell;
  shell.type("one\n/quit\ntwo\n");

  CHECK(shell.run({"chat", "--url", gateway.url()}) == 0);
  CHECK(gateway.requests("chat.send").size() == 1);
}

TEST_CASE("chat: with --json all turns come as one object") {
  fake_gateway gateway{{echo}};
  cli_world shell;
  shell.type("one\ntwo\n");
  const auto told = shell.run_json({"chat", "--url", gateway.url()});
  REQUIRE(told.at("turns").as_array().size() == 2);
  CHECK(text_at(told.at("turns").at(1), "text") == "You said two");

  cli_world other;
  const auto single = other.run_json({"chat", "--message", "hi", "--url", gateway.url()});
  CHECK(text_at(single, "text") == "You said hi");
  CHECK(text_at(single, "status") == "ok");
}

TEST_CASE("chat: a gateway that is killed in the middle finishes the same answer, shown once") {
  fake_gateway gateway{{[](fake_connection& client) {
                          client.welcome();
                          const auto asked = client.expect("chat.send");
                          acknowledge(client, asked, "started");
                          say(client, key_of(asked), "One, two");
                          client.drop();
                        },
                        [](fake_connection& client) {
                          client.welcome();
                          const auto asked = client.expect("chat.send");
                          const auto run = key_of(asked);
                          acknowledge(client, asked, "in_flight");
                          client.respond(client.expect("chat.history"),
                                         {{"messages", json::array{}},
                                          {"inFlightRun", {{"runId", run}, {"text", "One"}}}});
                          say(client, run, "One", true);
                          say(client, run, ", two, three");
                          finish(client, run, "One, two, three");
                          client.request();
                        }}};
  cli_world shell;

  CHECK(shell.run({"chat", "--message", "count", "--url", gateway.url()}) == 0);
  CHECK(shell.out == "One, two, three\n");
  CHECK(shell.err.find("connected again") != std::string::npos);
  const auto sends = gateway.requests("chat.send");
  REQUIRE(sends.size() == 2);
  CHECK(key_of(sends[0]) == key_of(sends[1]));
}

TEST_CASE("chat: an answer that was finished while nobody listened comes from the history") {
  fake_gateway gateway{{[](fake_connection& client) {
                          client.welcome();
                          const auto asked = client.expect("chat.send");
                          say(client, key_of(asked), "One");
                          client.close(1012, "service restart");
                        },
                        [](fake_connection& client) {
                          client.welcome();
                          const auto asked = client.expect("chat.send");
                          acknowledge(client, asked, "ok");
                          client.respond(client.expect("chat.history"),
                                         history_of(key_of(asked), "One, two"));
                          client.request();
                        }}};
  cli_world shell;

  CHECK(shell.run({"chat", "--message", "count", "--url", gateway.url()}) == 0);
  CHECK(shell.out == "One, two\n");
  CHECK(shell.err.find("service restart") != std::string::npos);
}

TEST_CASE("chat: a gap in the events is filled from the history") {
  fake_gateway gateway{{[](fake_connection& client) {
    client.welcome();
    const auto asked = client.expect("chat.send");
    acknowledge(client, asked, "started");
    client.send({{"type", "event"}, {"event", "tick"}, {"payload", {{"ts", 1}}}, {"seq", 7}});
    client.respond(client.expect("chat.history"), history_of(key_of(asked), "Hello"));
    client.request();
  }}};
  cli_world shell;

  CHECK(shell.run({"chat", "--message", "hi", "--url", gateway.url()}) == 0);
  CHECK(shell.out == "Hello\n");
}

TEST_CASE("chat: a run that fails is told, and the next line is asked all the same") {
  fake_gateway gateway{{[](fake_connection& client) {
    client.welcome();
    const auto first = client.expect("chat.send");
    acknowledge(client, first, "started");
    client.event("chat",
                 {{"runId", key_of(first)}, {"state", "error"}, {"errorMessage", "no model"}});
    const auto second = client.expect("chat.send");
    finish(client, key_of(second), "fine");
    client.request();
  }}};
  cli_world shell;
  shell.type("one\ntwo\n");

  CHECK(shell.run({"chat", "--url", gateway.url()}) == 1);
  CHECK(shell.out == "fine\n");
  CHECK(shell.err.find("the run failed: no model") != std::string::npos);
}

TEST_CASE("chat: a refused message is told with its reason") {
  fake_gateway gateway{{[](fake_connection& client) {
    client.welcome();
    client.refuse(client.expect("chat.send"),
                  {{"code", "FORBIDDEN"}, {"message", "conversation is quarantined"}});
    client.request();
  }}};
  cli_world shell;

  const auto told = shell.run_json({"chat", "--message", "hi", "--url", gateway.url()});
  CHECK(shell.status == 1);
  CHECK(text_at(told, "error.message") == "chat.send: conversation is quarantined");
}

TEST_CASE("chat: Ctrl-C stops the answer") {
  cli_world shell;
  fake_gateway gateway{{[&shell](fake_connection& client) {
    client.welcome();
    const auto asked = client.expect("chat.send");
    acknowledge(client, asked, "started");
    shell.interrupt();
    const auto abort = client.expect("chat.abort");
    client.respond(abort, {{"ok", true}, {"aborted", true}});
    client.event("chat", {{"runId", key_of(asked)}, {"state", "aborted"}, {"stopReason", "rpc"}});
    client.request();
  }}};

  CHECK(shell.run({"chat", "--message", "hi", "--url", gateway.url()}) == 130);
  CHECK(shell.out == "· stopped\n");
  CHECK(text_at(gateway.requests("chat.abort").at(0), "params.runId") ==
        key_of(gateway.requests("chat.send").at(0)));
}

TEST_CASE("chat: a second Ctrl-C leaves") {
  cli_world shell;
  fake_gateway gateway{{[&shell](fake_connection& client) {
    client.welcome();
    acknowledge(client, client.expect("chat.send"), "started");
    shell.interrupt();
    client.expect("chat.abort");
    shell.interrupt();
    client.request();
  }}};

  CHECK(shell.run({"chat", "--message", "hi", "--url", gateway.url()}) == 130);
  CHECK(shell.err.find("interrupted") != std::string::npos);
}

TEST_CASE("chat: without an answer in time it leaves, and says that the run goes on") {
  fake_gateway gateway{{[](fake_connection& client) {
    client.welcome();
    acknowledge(client, client.expect("chat.send"), "started");
    client.request();
  }}};
  cli_world shell;

  CHECK(shell.run({"chat", "--message", "hi", "--timeout", "1", "--url", gateway.url()}) == 5);
  CHECK(shell.err.find("goes on") != std::string::npos);
}

TEST_CASE("chat: a gateway that does not come back is waited for until --timeout") {
  auto gateway = std::make_unique<fake_gateway>(
      std::vector<script>{[](fake_connection& client) {
                            client.welcome();
                            client.expect("chat.send");
                            client.drop();
                          },
                          [](fake_connection& client) { client.drop(); }});
  cli_world shell;

  CHECK(shell.run({"chat", "--message", "hi", "--timeout", "1", "--url", gateway->url()}) == 5);
  CHECK(gateway->connections() > 2);
}
