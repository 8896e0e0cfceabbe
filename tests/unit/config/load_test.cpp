#include "tests/unit/config/config_world.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>

namespace troupe::test {
namespace {

TEST_CASE_METHOD(config_world, "config: without a file everything has its default", "[config]") {
  const auto outcome = load();
  REQUIRE(outcome.config);
  const auto& values = outcome.config->values;
  CHECK(values.gateway.port == 18'789);
  CHECK(values.gateway.bind == config::bind_mode::loopback);
  CHECK(values.gateway.auth.mode == config::auth_mode::token);
  CHECK_FALSE(values.gateway.auth.mode_configured);
  CHECK(values.gateway.auth.token.empty());
  CHECK(values.providers.at("demo").models.front().id == "demo");
  REQUIRE(values.agents.entries.size() == 1);
  CHECK(values.agents.entries.front().id == "main");
  CHECK(values.agents.entries.front().model.text() == "demo/demo");
  CHECK(values.agents.entries.front().workspace == state() + "/workspace");
  CHECK(values.logging.file == state() + "/logs/troupe.log");
  CHECK(values.queue.cap == 20);
  CHECK(outcome.config->warnings.empty());
  CHECK(outcome.config->no_effect.empty());
}

TEST_CASE_METHOD(config_world, "config: loading writes nothing", "[config]") {
  REQUIRE(load().config);
  CHECK_FALSE(std::filesystem::exists(state()));
}

TEST_CASE_METHOD(config_world, "config: the smallest real config of OpenClaw loads", "[config]") {
  const auto config = accept(R"({
    gateway: {mode: "local", port: 18790, bind: "loopback", auth: {mode: "token", token: "t0ken"}},
    models: {providers: {fake: {baseUrl: "http://127.0.0.1:9/v1", apiKey: "k",
      api: "openai-completions", models: [{id: "fake-1", name: "Fake"}]}}},
    agents: {defaults: {model: {primary: "fake/fake-1"}}},
  })");
  CHECK(config.values.gateway.port == 18'790);
  CHECK(config.values.gateway.auth.token.reveal() == "t0ken");
  CHECK(config.values.gateway.auth.mode_configured);
  CHECK(config.values.agents.entries.front().model.text() == "fake/fake-1");
  CHECK(config.warnings.empty());
}

TEST_CASE_METHOD(config_world, "config: a file that was asked for must be there", "[config]") {
  options.config_path = "missing.json";
  const auto outcome = load();
  CHECK_FALSE(outcome.config);
  REQUIRE(outcome.errors.size() == 1);
  CHECK(outcome.errors[0].text() == home() + "/work/missing.json: there is no such file");
}

TEST_CASE_METHOD(config_world, "config: only a regular file is a config", "[config]") {
  std::filesystem::create_directories(state() + "/troupe.json");
  const auto outcome = load();
  REQUIRE(outcome.errors.size() == 1);
  CHECK(outcome.errors[0].message.find("is not a regular file") != std::string::npos);
}

TEST_CASE_METHOD(config_world, "config: a syntax error names its place", "[config]") {
  CHECK(refusal("{\n  gateway: {port: 1,, }\n}") == "troupe.json:2:21: expected a key, found ','");
}

TEST_CASE_METHOD(config_world, "config: the root must be an object", "[config]") {
  CHECK(refusal("[]") == "troupe.json:1:1: expected an object, found an array");
}

TEST_CASE_METHOD(config_world, "config: an unknown key names its place and the nearest one",
                 "[config]") {
  CHECK(refusal("{\n  gateway: {\n    prot: 1}}") ==
        "gateway.prot (troupe.json:3:5): unknown key; did you mean \"port\"?");
  CHECK(refusal("{gatway: {}}") ==
        "gatway (troupe.json:1:2): unknown key; did you mean \"gateway\"?");
  CHECK(refusal("{session: {scop: 'x'}}") ==
        "session.scop (troupe.json:1:12): unknown key; did you mean \"scope\"?");
  CHECK(refusal("{ui: {pref: {}}}") ==
        "ui.pref (troupe.json:1:7): unknown key; did you mean \"prefs\"?");
  CHECK(refusal("{env: {zzzzzz: {}}}") ==
        "env.zzzzzz (troupe.json:1:8): unknown key; expected one of: shellEnv, vars");
}

TEST_CASE_METHOD(config_world, "config: a key with a dot in it is no path", "[config]") {
  CHECK(refusal("{gateway: {'auth.token': 'x'}}").starts_with("gateway[\"auth.token\"] "));
}

TEST_CASE_METHOD(config_world, "config: no key or value forges a line of a message", "[config]") {
  for (const auto* text :
       {"{'a\\nb': 1}", "{session: {scope: 'a\\nb\\x1b'}}",
        "{agents: {defaults: {model: 'a\\u2028/\\nb'}}}", "{$include: 'a\\nb'}"}) {
    const auto said = refusal(text);
    CHECK(said.find('\n') == std::string::npos);
    CHECK(said.find('\x1b') == std::string::npos);
    CHECK(said.find("\\u000a") != std::string::npos);
  }
}

TEST_CASE_METHOD(config_world, "config: a wrong type names what was expected, never the text found",
                 "[config]") {
  CHECK(refusal("{gateway: {port: 'secret'}}") ==
        "gateway.port (troupe.json:1:18): expected an integer from 1 to 65535, found a string");
  CHECK(refusal("{gateway: []}") ==
        "gateway (troupe.json:1:11): expected an object, found an array");
  CHECK(refusal("{ui: {prefs: {chatShowThinking: 1}}}") ==
        "ui.prefs.chatShowThinking (troupe.json:1:33): expected boolean");
}

TEST_CASE_METHOD(config_world, "config: every mistake is reported, not only the first",
                 "[config]") {
  const auto outcome = load("{gateway: {port: 0, bind: 'x'}, nope: 1, logging: {level: 'loud'}}");
  CHECK_FALSE(outcome.config);
  CHECK(outcome.errors.size() == 4);
}

TEST_CASE_METHOD(config_world, "config: the list of mistakes is bounded", "[config]") {
  std::string text = "{";
  for (int i = 0; i < 1'000; ++i)
    text += "unknown" + std::to_string(i) + ": 1,";
  CHECK(load(text + "}").errors.size() == 100);
}

TEST_CASE_METHOD(config_world,
                 "config: known keys that restrict nothing have no effect and are listed",
                 "[config]") {
  const auto config = accept(R"({
    $schema: "x.json", meta: {lastTouchedVersion: "1"}, ui: {prefs: {theme: "claw"}},
    gateway: {controlUi: {sessionObserver: true}, port: 1},
    models: {providers: {demo: {models: [{id: "demo", params: {anything: [1, {at: "all"}]}}]}}},
    agents: {entries: {main: {identity: {name: "Ada"}}}, defaults: {model: "demo/demo"}},
    bindings: [{agentId: "main", match: {channel: "telegram"}}],
  })");
  auto listed = config.no_effect;
  std::ranges::sort(listed);
  CHECK(listed == std::vector<std::string>{"agents.entries.main.identity", "bindings",
                                           "gateway.controlUi.sessionObserver", "meta",
                                           "models.providers.demo.models[0].params", "ui"});
}

TEST_CASE_METHOD(config_world, "config: a key that restricts and is not built refuses to start",
                 "[config]") {
  CHECK(refusal("{tools: {\n deny: ['exec']}}") ==
        "tools.deny (troupe.json:2:2): limits who may do what and is not enforced by this version, "
        "so the gateway does not start with it; remove it, or accept that it has no effect: "
        "--accept-unenforced 'tools.deny'");
  // Its harmless neighbours are still listed, and only the topmost restricting key is named.
  const auto outcome =
      load("{gateway: {roles: {default: 'x', definitions: {}}, tls: {enabled: false}}}");
  REQUIRE(outcome.errors.size() == 2);
  CHECK(outcome.errors[0].path == "gateway.roles");
  CHECK(outcome.errors[1].path == "gateway.tls");
}

TEST_CASE_METHOD(config_world, "config: an accepted restriction is listed as unenforced",
                 "[config]") {
  options.accept_unenforced = {"tools.deny", "gateway.auth", "channels.telegram"};
  const auto config = accept(R"({
    tools: {deny: ["exec"], updatePlan: true},
    gateway: {auth: {allowTailscale: true}},
  })");
  CHECK(config.unenforced == std::vector<std::string>{"gateway.auth.allowTailscale", "tools.deny"});
  REQUIRE(config.warnings.size() == 1);
  CHECK(config.warnings[0].path == "channels.telegram");
}

TEST_CASE_METHOD(config_world, "config: an acceptance does not reach beyond its key", "[config]") {
  options.accept_unenforced = {"tools.den", "tools.deny.x"};
  CHECK_FALSE(load("{tools: {deny: ['exec']}}").config);
}

TEST_CASE_METHOD(config_world, "config: an unknown key below an accepted one is still refused",
                 "[config]") {
  options.accept_unenforced = {"gateway.tls"};
  CHECK(refusal("{gateway: {tls: {enable: true}}}") ==
        "gateway.tls.enable (troupe.json:1:18): unknown key; did you mean \"enabled\"?");
}

TEST_CASE_METHOD(config_world,
                 "config: variables come from the process, .env here, .env of the state",
                 "[config]") {
  environment["P"] = "process";
  write("work/.env", "P=here\nQ=here\n");
  write(".troupe/.env", "P=state\nQ=state\nR=state\nbroken line\n");
  const auto config = accept(R"({
    env: {vars: {P: "config", Q: "config", R: "config", S: "config"}},
    agents: {entries: {main: {name: "${P}-${Q}-${R}-${S}"}}},
  })");
  CHECK(config.values.agents.entries[0].name == "process-here-state-config");
  REQUIRE(config.warnings.size() == 1);
  CHECK(config.warnings[0].text() == ".env:4:1: expected NAME=value; the line is skipped");
}

TEST_CASE_METHOD(config_world,
                 "config: a missing variable stays visible in a label and is warned about",
                 "[config]") {
  const auto config = accept("{agents: {entries: {main: {name: 'I am ${NOBODY}'}}}}");
  CHECK(config.values.agents.entries[0].name == "I am ${NOBODY}");
  REQUIRE(config.warnings.size() == 1);
  CHECK(config.warnings[0].text() == "agents.entries.main.name (troupe.json:1:34): the variable "
                                     "NOBODY is not set; its name stays in the text");
}

TEST_CASE_METHOD(config_world,
                 "config: where a missing variable would decide something, it refuses",
                 "[config]") {
  CHECK(
      refusal("{agents: {defaults: {workspace: '${NOWHERE}/x'}}}") ==
      "agents.defaults.workspace (troupe.json:1:33): needs the variable NOWHERE, which is not set");
  CHECK_FALSE(load("{logging: {level: '${LEVEL}'}}").config);
}

TEST_CASE_METHOD(config_world, "config: session, queue and logging are read", "[config]") {
  const auto config = accept(R"({
    session: {scope: "global"},
    messages: {queue: {mode: "collect", cap: 3, drop: "old"}},
    logging: {level: "trace", consoleLevel: "silent", file: "~/x/../y.log"},
  })");
  CHECK(config.values.session.scope == "global");
  CHECK(config.values.queue.mode == "collect");
  CHECK(config.values.queue.cap == 3);
  CHECK(config.values.queue.drop == "old");
  // What the queue does not do yet is said, not ignored.
  REQUIRE(config.warnings.size() == 2);
  CHECK(config.warnings[0].text() == "messages.queue.mode (troupe.json:3:30): \"collect\" is not "
                                     "built yet; the queue works as with \"followup\"");
  CHECK(config.values.logging.level == log::level::trace);
  CHECK(config.values.logging.console_level == log::level::off);
  CHECK(config.values.logging.file == home() + "/y.log");
  CHECK_FALSE(load("{messages: {queue: {cap: 0}}}").config);
  CHECK_FALSE(load("{messages: {queue: {cap: 10001}}}").config);
  CHECK_FALSE(load("{messages: {queue: {mode: 'polite'}}}").config);
  CHECK_FALSE(load("{messages: {queue: {cap: 1.5}}}").config);
}

TEST_CASE_METHOD(config_world, "config: the source stays as it was written", "[config]") {
  environment["X"] = "y";
  const auto config = accept("{agents: {entries: {main: {name: '${X}'}}}}");
  CHECK(boost::json::serialize(config.source) ==
        R"({"agents":{"entries":{"main":{"name":"${X}"}}}})");
}

TEST_CASE_METHOD(config_world, "config: without a home directory it says what to do", "[config]") {
  environment.clear();
  options.state_dir = state();
  CHECK(load().config);
}

} // namespace
} // namespace troupe::test
