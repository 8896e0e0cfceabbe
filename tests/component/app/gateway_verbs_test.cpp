#include "app/cli/json_view.hpp"
#include "tests/component/app/cli_world.hpp"
#include "tests/component/app/fake_gateway.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

namespace {

using namespace troupe::test;
namespace json = boost::json;
using troupe::cli::find;
using troupe::cli::text_at;

/// Answers `method` once.
script answers(const std::string& method, json::value payload) {
  return [method, payload](fake_connection& client) {
    client.welcome();
    client.respond(client.expect(method), payload);
    client.request();
  };
}

const json::value status_payload = {
    {"node",
     {{"shardsLed", 33},
      {"shardsTotal", 33},
      {"runsActive", 2},
      {"clients", 1},
      {"storagePressure", "none"}}},
    {"config", {{"unenforced", json::array{"tools.deny"}}, {"noEffect", json::array{}}}}};

} // namespace

TEST_CASE("gateway run: hands every option to the gateway and returns its status") {
  cli_world shell;

  CHECK(shell.run({"gateway", "run", "--port", "4711", "--state-dir", "/s", "--quiet"}) == 0);
  REQUIRE(shell.gateways.size() == 1);
  CHECK(shell.gateways[0].port == 4711);
  CHECK(shell.gateways[0].state_dir == "/s");
  CHECK(shell.gateways[0].quiet);
}

TEST_CASE("gateway run: a client's options are refused, not ignored") {
  cli_world shell;

  CHECK(shell.run({"gateway", "run", "--token", "t"}) == 2);
  CHECK(shell.gateways.empty());
}

TEST_CASE("gateway status: tells what the gateway, its port and its readiness say") {
  fake_gateway gateway{{answers("status", status_payload)}};
  gateway.readiness = R"({"ready":false,"failing":["startup-sidecars"]})";
  cli_world shell;

  CHECK(shell.run({"gateway", "status", "--url", gateway.url()}) == 0);
  for (const char* const part : {"reachable", "no, waiting for startup-sidecars", "9.9.9",
                                 "1 min 1 s", "token", "leads 33 of 33", "2 active", "tools.deny"})
    CHECK(shell.out.find(part) != std::string::npos);

  const auto told = shell.run_json({"gateway", "status", "--url", gateway.url()});
  CHECK(told.at("reachable").as_bool());
  CHECK_FALSE(told.at("ready").as_bool());
  CHECK(told.at("uptimeMs") == 61'000);
  CHECK(*find(told, "status.node.shardsLed") == 33);
  CHECK(*find(gateway.requests("connect").at(0), "params.scopes") == json::array{"operator.read"});
}

TEST_CASE("gateway health: prints the report and fails with it") {
  const json::value report{
      {"ok", true}, {"agents", json::array{{{"agentId", "main"}}}}, {"sessions", {{"count", 3}}}};
  fake_gateway gateway{
      {answers("health", report), answers("health", report), answers("health", {{"ok", false}})}};
  cli_world shell;

  CHECK(shell.run({"gateway", "health", "--url", gateway.url()}) == 0);
  CHECK(shell.out.find("healthy") == 0);
  const auto told = shell.run_json({"gateway", "health", "--url", gateway.url()});
  CHECK(*find(told, "health.sessions.count") == 3);
  shell.run_json({"gateway", "health", "--url", gateway.url()});
  CHECK(shell.status == 1);
}

TEST_CASE("gateway probe: comes as a probe that also older gateways answer") {
  fake_gateway gateway{{[](fake_connection& client) {
    client.welcome();
    client.request();
  }}};
  cli_world shell;

  CHECK(shell.run({"gateway", "probe", "--url", gateway.url()}) == 0);
  CHECK(shell.out.find("is reachable") != std::string::npos);
  const auto connect = gateway.requests("connect").at(0);
  CHECK(text_at(connect, "params.client.mode") == "probe");
  CHECK(*find(connect, "params.minProtocol") == 3);

  const auto told = shell.run_json({"gateway", "probe", "--url", gateway.url()});
  CHECK(told.at("authorized").as_bool());
  CHECK(told.at("protocol") == 4);
  CHECK(told.at("scopes") == json::array{"operator.read"});
}

TEST_CASE("gateway probe: a gateway that refuses us is reachable all the same") {
  fake_gateway gateway{{[](fake_connection& client) {
    client.event("connect.challenge", {{"nonce", "n"}, {"ts", 1}});
    client.refuse(client.request(), {{"code", "INVALID_REQUEST"},
                                     {"message", "unauthorized: gateway token missing (…)"},
                                     {"details", {{"code", "AUTH_TOKEN_MISSING"}}}});
    client.close(1008, "unauthorized");
  }}};
  cli_world shell;

  const auto told = shell.run_json({"gateway", "probe", "--url", gateway.url()});
  CHECK(shell.status == 4);
  CHECK(text_at(told, "error.code") == "unauthorized");
  CHECK(text_at(told, "error.message").find("reachable") != std::string::npos);
}

TEST_CASE("gateway call: sends the parameters and prints the result") {
  fake_gateway gateway{{answers("sessions.list", {{"count", 0}, {"sessions", json::array{}}})}};
  cli_world shell;

  CHECK(shell.run({"gateway", "call", "sessions.list", "--params", R"({"limit":5})", "--url",
                   gateway.url()}) == 0);
  CHECK(json::parse(shell.out).at("count") == 0);
  CHECK(*find(gateway.requests("sessions.list").at(0), "params.limit") == 5);
  CHECK(*find(gateway.requests("connect").at(0), "params.scopes") == json::array{"operator.read"});

  const auto told = shell.run_json({"gateway", "call", "sessions.list", "--url", gateway.url()});
  CHECK(*find(told, "payload.count") == 0);
  CHECK_FALSE(find(gateway.requests("sessions.list").at(1), "params"));
}

TEST_CASE("gateway call: --expect-final waits for the second answer") {
  fake_gateway gateway{{[](fake_connection& client) {
    client.welcome();
    const auto asked = client.expect("agent");
    client.respond(asked, {{"status", "accepted"}});
    client.respond(asked, {{"status", "ok"}});
    client.request();
  }}};
  cli_world shell;

  const auto told = shell.run_json(
      {"gateway", "call", "agent", "--params", "{}", "--expect-final", "--url", gateway.url()});
  CHECK(text_at(told, "payload.status") == "ok");
}

TEST_CASE("gateway call: what the gateway refuses is told with its own error") {
  fake_gateway gateway{{[](fake_connection& client) {
    client.welcome();
    client.refuse(client.expect("no.such"),
                  {{"code", "INVALID_REQUEST"}, {"message", "unknown method: no.such"}});
    client.request();
  }}};
  cli_world shell;

  const auto told = shell.run_json({"gateway", "call", "no.such", "--url", gateway.url()});
  CHECK(shell.status == 1);
  CHECK(text_at(told, "error.code") == "INVALID_REQUEST");
  CHECK(text_at(told, "error.details.message") == "unknown method: no.such");
  CHECK(shell.run({"gateway", "call", "x", "--params", "[1]", "--url", gateway.url()}) == 2);
  CHECK(shell.run({"gateway", "call", "x", "--params", "{", "--url", gateway.url()}) == 2);
}

TEST_CASE("gateway call: an answer that does not come is a timeout") {
  fake_gateway gateway{{[](fake_connection& client) {
    client.welcome();
    client.request();
    client.request();
  }}};
  cli_world shell;

  CHECK(shell.run({"gateway", "call", "health", "--timeout", "1", "--url", gateway.url()}) == 5);
}

TEST_CASE("gateway verbs: a stranger on the port is told from a gateway") {
  fake_gateway silent{{[](fake_connection& client) { client.close(1000, "not for you"); }}};
  cli_world shell;

  CHECK(shell.run({"gateway", "health", "--url", silent.url()}) == 3);
  CHECK(shell.err.find("not for you") != std::string::npos);
}

TEST_CASE("every verb: with --json an unreachable gateway is one object with the next step") {
  const dead_address nobody;
  cli_world shell;

  for (const auto& words : std::vector<std::vector<std::string>>{{"gateway", "status"},
                                                                 {"gateway", "health"},
                                                                 {"gateway", "probe"},
                                                                 {"gateway", "call", "health"},
                                                                 {"agent", "--message", "hi"},
                                                                 {"chat", "--message", "hi"},
                                                                 {"chat"}}) {
    auto all = words;
    all.insert(all.end(), {"--url", nobody.url()});
    const auto told = shell.run_json(all);
    CHECK(shell.status == 3);
    CHECK(text_at(told, "error.code") == "gateway_unreachable");
    CHECK_FALSE(text_at(told, "error.next").empty());
  }
  shell.run_json({"agent"});
  CHECK(shell.status == 2);
}

TEST_CASE("local verbs: answer without a gateway, in both forms") {
  cli_world shell;

  CHECK_FALSE(text_at(shell.run_json({"version"}), "version").empty());
  CHECK(text_at(shell.run_json({"config", "schema"}), "schema.type") == "object");
  CHECK(shell.run({"version"}) == 0);
  CHECK(shell.out.find("troupe ") == 0);
}

TEST_CASE("config validate: lists what is wrong with its place, and what has no effect") {
  cli_world shell;
  shell.loaded.config->where.config_path = "/state/troupe.json";
  shell.loaded.config->where.config_exists = true;
  shell.loaded.config->no_effect = {"talk.voice"};
  shell.loaded.config->unenforced = {"tools.deny"};
  CHECK(shell.run({"config", "validate"}) == 0);
  CHECK(shell.out.find("no effect: talk.voice") != std::string::npos);
  CHECK(shell.out.find("not enforced: tools.deny") != std::string::npos);
  CHECK(shell.run_json({"config", "validate"}).at("noEffect") == json::array{"talk.voice"});

  shell.loaded.config.reset();
  shell.loaded.errors = {{"gateway.prot", 3, 5, "unknown key", "/state/troupe.json"}};
  CHECK(shell.run({"config", "validate"}) == 1);
  CHECK(shell.out.find("3:5") != std::string::npos);
  const auto told = shell.run_json({"config", "validate"});
  CHECK(text_at(told, "error.code") == "invalid_config");
  CHECK(told.at("errors").at(0).at("line") == 3);
  CHECK(told.at("errors").at(0).at("path") == "gateway.prot");
}

TEST_CASE("config get: a value in force, or a failure that says where to look") {
  cli_world shell;
  shell.loaded.config->effective = {{"gateway", {{"port", 4711}}}};

  CHECK(shell.run({"config", "get", "gateway.port"}) == 0);
  CHECK(shell.out == "4711\n");
  CHECK(shell.run_json({"config", "get", "gateway.port"}).at("value") == 4711);
  CHECK(shell.run({"config", "get", "gateway.prot"}) == 1);
  CHECK(shell.err.find("troupe config schema") != std::string::npos);
}
