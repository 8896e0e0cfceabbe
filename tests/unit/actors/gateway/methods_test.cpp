#include "actors/gateway/hello.hpp"
#include "actors/gateway/methods/method.hpp"
#include "actors/gateway/reports.hpp"
#include "tests/support/gateway_facts.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace troupe::gateway {

using test::gateway_facts;
using test::parse;

namespace {

std::string params_findings(std::string_view name, std::string_view params) {
  const auto* known = find_method(name);
  REQUIRE(known != nullptr);
  return join_findings(
      check(parse(params).as_object(), known->params, unknown_properties::tolerated));
}

scope needed(std::string_view name, std::string_view params = "{}") {
  return find_method(name)->needs(parse(params).as_object());
}

welcome someone(std::initializer_list<scope> scopes) {
  welcome client;
  client.params.role = "operator";
  for (const auto granted : scopes)
    client.scopes.grant(granted);
  return client;
}

} // namespace

TEST_CASE("methods: exactly those that work are known", "[gateway]") {
  const auto names = method_names();
  CHECK(std::vector<std::string_view>(names.begin(), names.end()) ==
        std::vector<std::string_view>{"agent",
                                      "agent.identity.get",
                                      "agent.wait",
                                      "agents.list",
                                      "chat.abort",
                                      "chat.history",
                                      "chat.metadata",
                                      "chat.send",
                                      "chat.startup",
                                      "commands.list",
                                      "config.apply",
                                      "config.get",
                                      "config.patch",
                                      "config.schema",
                                      "config.schema.lookup",
                                      "config.set",
                                      "cron.list",
                                      "cron.status",
                                      "device.pair.approve",
                                      "device.pair.list",
                                      "device.pair.reject",
                                      "device.pair.remove",
                                      "device.token.revoke",
                                      "device.token.rotate",
                                      "health",
                                      "last-heartbeat",
                                      "logs.tail",
                                      "models.list",
                                      "question.list",
                                      "sessions.compact",
                                      "sessions.create",
                                      "sessions.delete",
                                      "sessions.describe",
                                      "sessions.list",
                                      "sessions.messages.subscribe",
                                      "sessions.messages.unsubscribe",
                                      "sessions.patch",
                                      "sessions.reset",
                                      "sessions.subscribe",
                                      "status",
                                      "system-event",
                                      "system-presence"});
  CHECK(find_method("no.such") == nullptr);
}

TEST_CASE("methods: need the scopes of the protocol", "[gateway]") {
  CHECK(needed("health") == scope::none);
  CHECK(needed("chat.history") == scope::read);
  CHECK(needed("chat.send") == scope::write);
  CHECK(needed("agent.wait") == scope::write);
  CHECK(needed("sessions.reset") == scope::admin);
  CHECK(needed("config.get") == scope::read);
  CHECK(needed("chat.send", R"({"message":"/status"})") == scope::write);
  CHECK(needed("chat.send", R"({"message":"/new"})") == scope::admin);
  CHECK(needed("chat.send", R"({"message":"/Reset hello"})") == scope::admin);
  CHECK(needed("chat.send", R"({"message":"/newer"})") == scope::write);
  CHECK(needed("chat.send", R"({"message":"/new","suppressCommandInterpretation":true})") ==
        scope::write);
  CHECK(needed("sessions.compact") == scope::admin);
  CHECK(needed("sessions.patch", R"({"key":"a","label":"b","unread":false,)"
                                 R"("expectedMarkedUnreadAt":null})") == scope::write);
  CHECK(needed("sessions.patch", R"({"key":"a","permissionMode":"full"})") == scope::admin);
  CHECK(needed("sessions.patch", R"({"key":"a","label":"b","execHost":null})") == scope::admin);
  CHECK(needed("logs.tail") == scope::read);
  CHECK(needed("question.list") == scope::questions);
  CHECK(needed("system-event") == scope::admin);
  CHECK(needed("system-presence") == scope::read);
  CHECK(needed("agent", R"({"message":"hi"})") == scope::write);
  CHECK(needed("agent", R"({"message":"/new"})") == scope::admin);
  CHECK(needed("agent", R"({"message":"/reset now"})") == scope::admin);
  CHECK(needed("sessions.delete", R"({"key":"a"})") == scope::admin);
  CHECK(needed("sessions.delete", R"({"key":"a","archivedOnly":true})") == scope::write);
}

TEST_CASE("methods: parameters are checked, unknown ones tolerated", "[gateway]") {
  CHECK(params_findings("chat.send", R"({"sessionKey":"a","message":"x"})") ==
        "must have required property 'idempotencyKey'");
  CHECK(params_findings("chat.send",
                        R"({"sessionKey":"a","message":"x","idempotencyKey":"k","newer":1})")
            .empty());
  CHECK(
      params_findings("chat.send", R"({"sessionKey":1,"message":"x","idempotencyKey":""})") ==
      "at /sessionKey: must be string; at /idempotencyKey: must not have fewer than 1 characters");
  CHECK(
      params_findings("chat.send",
                      R"({"sessionKey":"a","message":"","idempotencyKey":"k","queueMode":"x"})") ==
      "at /queueMode: must be equal to one of the allowed values");
  CHECK(params_findings("chat.history", R"({"sessionKey":"a","limit":1000})").empty());
  CHECK(params_findings("chat.history", R"({"sessionKey":"a","limit":1001})") ==
        "at /limit: must be <= 1000");
  CHECK(params_findings("agent", R"({"message":"","idempotencyKey":"k"})") ==
        "at /message: must not have fewer than 1 characters");
  CHECK(params_findings("agent.wait", R"({"runId":"r","timeoutMs":-1})") ==
        "at /timeoutMs: must be >= 0");
  CHECK(params_findings("logs.tail", R"({"limit":5001,"maxBytes":0,"cursor":-1})") ==
        "at /cursor: must be >= 0; at /limit: must be <= 5000; at /maxBytes: must be >= 1");
  CHECK(params_findings("cron.list", R"({"sortDir":"up"})") ==
        "at /sortDir: must be equal to one of the allowed values");
  CHECK(params_findings("chat.history", R"({"sessionKey":"a","inputRunIds":[]})") ==
        "at /inputRunIds: must not have fewer than 1 items");
  CHECK(params_findings("sessions.reset", R"({"key":"a","reason":"why not"})") ==
        "at /reason: must be equal to one of the allowed values");
}

TEST_CASE_METHOD(gateway_facts, "hello: tells what works and nothing else", "[gateway]") {
  const auto shared = share();
  const auto hello =
      parse(hello_payload(*shared, someone({scope::read}), "conn-1", method_names()));
  CHECK(hello.at("type") == "hello-ok");
  CHECK(hello.at("protocol") == 4);
  CHECK(hello.at("server").at("connId") == "conn-1");
  CHECK_FALSE(hello.at("server").as_object().contains("buildId"));
  CHECK(hello.at("features").at("capabilities").as_array().empty());
  CHECK(hello.at("features").at("methods").as_array().size() == method_names().size());
  CHECK(hello.at("policy").at("maxPayload") == 26214400);
  CHECK(hello.at("policy").at("maxBufferedBytes") == 52428800);
  CHECK(hello.at("policy").at("tickIntervalMs") == 30000);
  CHECK(hello.at("auth").at("scopes") == boost::json::array({"operator.read"}));
  const auto& snapshot = hello.at("snapshot");
  CHECK(snapshot.at("presence").at(0).at("mode") == "gateway");
  CHECK(snapshot.at("health").at("ok") == true);
  CHECK(snapshot.at("stateVersion").at("health") == 1);
  CHECK(snapshot.at("sessionDefaults").at("mainSessionKey") == "agent:main:main");
  CHECK_FALSE(snapshot.as_object().contains("stateDir"));
  CHECK_FALSE(snapshot.as_object().contains("authMode"));
}

TEST_CASE_METHOD(gateway_facts, "hello: administrators see where things are, probes nobody else",
                 "[gateway]") {
  const auto shared = share();
  const auto admin = parse(hello_payload(*shared, someone({scope::admin}), "c", {}));
  CHECK(admin.at("snapshot").at("stateDir") == "/state");
  CHECK(admin.at("snapshot").at("authMode") == "token");
  const auto probe = parse(hello_payload(*shared, someone({}), "c", {}));
  CHECK(probe.at("snapshot").at("health").at("ok") == true);
  CHECK(probe.at("snapshot").at("presence").as_array().empty());
}

TEST_CASE_METHOD(gateway_facts, "health: counts sessions by agent and is kept for a minute",
                 "[gateway]") {
  using namespace std::chrono_literals;
  const auto shared = share();
  add_agent("work");
  add_conversation("agent:main:main", 1);
  const auto report = parse(*shared->health());
  CHECK(report.at("ok") == true);
  CHECK(report.at("sessions").at("count") == 1);
  CHECK(report.at("agents").at(0).at("sessions").at("count") == 1);
  CHECK(report.at("agents").at(1).at("sessions").at("count") == 0);
  add_conversation("agent:main:two", 1);
  CHECK(parse(*shared->health()).at("sessions").at("count") == 1);
  time.advance(60s);
  CHECK(parse(*shared->health()).at("sessions").at("count") == 2);
}

TEST_CASE_METHOD(gateway_facts, "status: lists what the config asks for in vain", "[gateway]") {
  config->unenforced = {"tools.deny"};
  config->values.agents.model_note = "p/m answers: KEY is set";
  config->no_effect = {"ui.seamColor"};
  add_conversation("agent:main:main", 2);
  const auto report = parse(status_report(*context));
  CHECK(report.at("runtimeVersion") == "0.1.0");
  CHECK(report.at("config").at("unenforced").at(0) == "tools.deny");
  CHECK(report.at("config").at("modelNote") == "p/m answers: KEY is set");
  CHECK(report.at("config").at("noEffect").at(0) == "ui.seamColor");
  CHECK(report.at("sessions").at("count") == 1);
  CHECK(report.at("sessions").at("recent").at(0).at("key") == "agent:main:main");
  CHECK(report.at("node").at("storagePressure") == "none");
}

} // namespace troupe::gateway
