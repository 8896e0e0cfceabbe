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

void accept_run(fake_connection& client, const json::object& request) {
  client.respond(request, {{"runId", key_of(request)},
                           {"sessionKey", "agent:main:main"},
                           {"agentId", "main"},
                           {"status", "accepted"},
                           {"acceptedAt", 1}});
}

void finish_run(fake_connection& client, const json::object& request, const std::string& text) {
  client.respond(
      request, {{"runId", key_of(request)},
                {"status", "ok"},
                {"summary", "completed"},
                {"result", {{"payloads", json::array{{{"text", text}, {"mediaUrl", nullptr}}}}}}});
}

/// A gateway that answers `agent` with "Hello".
void polite(fake_connection& client) {
  client.welcome();
  const auto asked = client.expect("agent");
  accept_run(client, asked);
  finish_run(client, asked, "Hello");
  client.request();
}

/// Accepts the run, and never ends it until it is told to.
void stubborn(fake_connection& client) {
  client.welcome();
  const auto asked = client.expect("agent");
  accept_run(client, asked);
  const auto abort = client.expect("chat.abort");
  client.respond(abort, {{"ok", true}, {"aborted", true}, {"runIds", json::array{key_of(asked)}}});
  client.request();
}

} // namespace

TEST_CASE("agent: prints the text of the second answer") {
  fake_gateway gateway{{polite}};
  cli_world shell;

  CHECK(shell.run({"agent", "--message", "hi", "--url", gateway.url()}) == 0);
  CHECK(shell.out == "Hello\n");
  CHECK(shell.err.empty());
}

TEST_CASE("agent: introduces itself with little and asks with all it was told") {
  fake_gateway gateway{{polite}};
  cli_world shell;
  shell.run({"agent", "--message", "hi", "--session-key", "work", "--agent", "ops", "--timeout",
             "30", "--idempotency-key", "k1", "--url", gateway.url()});

  const auto connect = gateway.requests("connect").at(0);
  CHECK(text_at(connect, "params.client.id") == "cli");
  CHECK(text_at(connect, "params.client.mode") == "cli");
  CHECK(text_at(connect, "params.client.platform") == "linux");
  CHECK(*find(connect, "params.minProtocol") == 4);
  CHECK(*find(connect, "params.maxProtocol") == 4);
  CHECK(*find(connect, "params.scopes") == json::array{"operator.write"});
  CHECK(text_at(connect, "params.auth.token") == "secret-token");
  CHECK_FALSE(find(connect, "params.device"));
  const auto agent = gateway.requests("agent").at(0);
  CHECK(text_at(agent, "params.message") == "hi");
  CHECK(text_at(agent, "params.sessionKey") == "work");
  CHECK(text_at(agent, "params.agentId") == "ops");
  CHECK(text_at(agent, "params.idempotencyKey") == "k1");
  CHECK(*find(agent, "params.timeout") == 30);
}

TEST_CASE("agent: with --json one object holds the answer") {
  fake_gateway gateway{{polite}};
  cli_world shell;

  const auto told = shell.run_json({"agent", "--message", "hi", "--url", gateway.url()});
  CHECK(text_at(told, "text") == "Hello");
  CHECK(text_at(told, "sessionKey") == "agent:main:main");
  CHECK(text_at(told, "runId") == key_of(gateway.requests("agent").at(0)));
}

TEST_CASE("agent: after a lost connection it asks again with the same key, and prints once") {
  const auto killed_after_accepting = [](fake_connection& client) {
    client.welcome();
    accept_run(client, client.expect("agent"));
    client.drop();
  };
  const auto killed_before_answering = [](fake_connection& client) {
    client.welcome();
    client.expect("agent");
    client.drop();
  };
  const auto restarting = [](fake_connection& client) { client.close(1012, "service restart"); };
  fake_gateway gateway{{killed_after_accepting, killed_before_answering, restarting, polite}};
  cli_world shell;

  CHECK(shell.run({"agent", "--message", "hi", "--url", gateway.url()}) == 0);
  CHECK(shell.out == "Hello\n");
  CHECK(shell.err.find("connection lost") != std::string::npos);
  const auto asked = gateway.requests("agent");
  REQUIRE(asked.size() == 3);
  CHECK(key_of(asked[0]) == key_of(asked[1]));
  CHECK(key_of(asked[1]) == key_of(asked[2]));
}

TEST_CASE("agent: a gateway that is busy is asked again with the same key") {
  fake_gateway gateway{{[](fake_connection& client) {
    client.welcome();
    client.refuse(client.expect("agent"), {{"code", "UNAVAILABLE"},
                                           {"message", "starting"},
                                           {"retryable", true},
                                           {"retryAfterMs", 1}});
    const auto again = client.expect("agent");
    finish_run(client, again, "Hello");
    client.request();
  }}};
  cli_world shell;

  CHECK(shell.run({"agent", "--message", "hi", "--url", gateway.url()}) == 0);
  const auto asked = gateway.requests("agent");
  REQUIRE(asked.size() == 2);
  CHECK(key_of(asked[0]) == key_of(asked[1]));
}

TEST_CASE("agent: --stream shows the answer while it comes, and once") {
  fake_gateway gateway{{[](fake_connection& client) {
    client.welcome();
    const auto asked = client.expect("agent");
    accept_run(client, asked);
    for (const char* const piece : {"Hel", "lo"})
      client.event("chat", {{"runId", key_of(asked)}, {"state", "delta"}, {"deltaText", piece}});
    finish_run(client, asked, "Hello");
    client.request();
  }}};
  cli_world shell;

  CHECK(shell.run({"agent", "--message", "hi", "--stream", "--url", gateway.url()}) == 0);
  CHECK(shell.out == "Hello\n");
}

TEST_CASE("agent: a run that fails is exit status 1") {
  fake_gateway gateway{{[](fake_connection& client) {
    client.welcome();
    const auto asked = client.expect("agent");
    accept_run(client, asked);
    client.refuse(asked, {{"code", "UNAVAILABLE"}, {"message", "no model answers"}},
                  {{"runId", key_of(asked)}, {"status", "error"}, {"summary", "no model answers"}});
    client.request();
  }}};
  cli_world shell;

  const auto told = shell.run_json({"agent", "--message", "hi", "--url", gateway.url()});
  CHECK(shell.status == 1);
  CHECK(text_at(told, "error.code") == "run_failed");
  CHECK(text_at(told, "error.message") == "the run failed: no model answers");
}

TEST_CASE("agent: a wrong token is exit status 4 and is not tried twice") {
  fake_gateway gateway{{[](fake_connection& client) {
    client.event("connect.challenge", {{"nonce", "n"}, {"ts", 1}});
    const auto asked = client.request();
    const std::string text = "unauthorized: gateway token mismatch (ask for it)";
    client.refuse(asked, {{"code", "INVALID_REQUEST"},
                          {"message", text},
                          {"details", {{"code", "AUTH_TOKEN_MISMATCH"}}}});
    client.close(1008, text);
  }}};
  cli_world shell;

  CHECK(shell.run({"agent", "--message", "hi", "--url", gateway.url()}) == 4);
  CHECK(shell.err.find("--token") != std::string::npos);
  CHECK(shell.err.find("secret-token") == std::string::npos);
  CHECK(gateway.connections() == 1);
}

TEST_CASE("agent: where no gateway answers it says so at once") {
  const dead_address nobody;
  cli_world shell;

  CHECK(shell.run({"agent", "--message", "hi", "--url", nobody.url()}) == 3);
  CHECK(shell.err.find("no gateway answers at " + nobody.url()) != std::string::npos);
  CHECK(shell.err.find("troupe gateway run") != std::string::npos);
}

TEST_CASE("agent: after --timeout the run is stopped") {
  fake_gateway gateway{{stubborn}};
  cli_world shell;

  CHECK(shell.run({"agent", "--message", "hi", "--timeout", "1", "--url", gateway.url()}) == 5);
  const auto aborts = gateway.requests("chat.abort");
  REQUIRE(aborts.size() == 1);
  CHECK(text_at(aborts[0], "params.runId") == key_of(gateway.requests("agent").at(0)));
  CHECK(text_at(aborts[0], "params.sessionKey") == "agent:main:main");
}

TEST_CASE("agent: Ctrl-C stops the run") {
  cli_world shell;
  fake_gateway gateway{{[&shell](fake_connection& client) {
    client.welcome();
    const auto asked = client.expect("agent");
    accept_run(client, asked);
    shell.interrupt();
    client.respond(client.expect("chat.abort"), {{"ok", true}});
    client.request();
  }}};

  CHECK(shell.run({"agent", "--message", "hi", "--url", gateway.url()}) == 130);
  CHECK(gateway.requests("chat.abort").size() == 1);
}
