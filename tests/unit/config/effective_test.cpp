#include "tests/unit/config/config_world.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

namespace troupe::test {
namespace {

namespace json = boost::json;

std::string effective(const config::loaded& config, std::string_view path) {
  const auto value = config::get_effective(config, path);
  return value ? json::serialize(value.value()) : "! " + value.error().detail;
}

TEST_CASE_METHOD(config_world, "effective: shows values in force, defaults included", "[config]") {
  environment["TROUPE_GATEWAY_PORT"] = "9";
  environment["K"] = "v";
  const auto config = accept(R"({gateway: {port: 5}, ui: {prefs: {theme: "claw"}},
    agents: {defaults: {model: "p/m-4.1"}, entries: {ops: {name: "${K}"}}},
    models: {providers: {p: {baseUrl: "http://x", models: [{id: "m-4.1"}], params: {"a.b": 1}}}}})");
  CHECK(effective(config, "gateway.port") == "9");
  CHECK(effective(config, "gateway.bind") == R"("loopback")");
  CHECK(effective(config, "gateway.auth.mode") == R"("token")");
  CHECK(effective(config, "session") == R"({"scope":"per-sender"})");
  CHECK(effective(config, "agents.entries.ops.name") == R"("v")");
  CHECK(effective(config, "agents.entries.ops.model.primary") == R"("p/m-4.1")");
  CHECK(effective(config, "models.providers.p.models[0].id") == R"("m-4.1")");
  CHECK(effective(config, "models.providers.p.models.0.contextWindow") == "2E5");
  CHECK(effective(config, "models.providers.p.params[\"a.b\"]") == "1");
  CHECK(effective(config, "models.providers.p.params.a.b") == "1");
  CHECK(effective(config, "ui.prefs.theme") == R"("claw")");
  CHECK(effective(config, "").starts_with("{"));
}

TEST_CASE_METHOD(config_world, "effective: what is not there is named with its neighbour",
                 "[config]") {
  const auto config = accept("{}");
  CHECK(effective(config, "gateway.prot") ==
        "! gateway.prot is not set; did you mean gateway.port?");
  CHECK(effective(config, "nothing.at.all") == "! nothing is not set");
  for (const auto* wrong : {".", "a..b", "a.", "[", "[\"a", ".a"})
    CHECK(config::get_effective(config, wrong).error().code == errc::invalid_argument);
}

TEST_CASE_METHOD(config_world, "effective: never shows a secret", "[config]") {
  environment["CANARY_VAR"] = "canary-variable";
  const auto config = accept(R"({
    gateway: {auth: {token: "canary-token", mode: "token"}, remote: {token: "canary-r", edgeAuth: {a: "canary-e"}}},
    env: {vars: {X: "canary-x"}},
    models: {providers: {p: {baseUrl: "http://x", apiKey: "$CANARY_VAR", headers: {h: "canary-h"},
      request: {proxy: {url: "http://user:canary-p@proxy/"}}}}},
    agents: {defaults: {model: "demo/demo"}}, cron: {webhookToken: "canary-w"},
  })");
  CHECK(json::serialize(config.effective).find("canary") == std::string::npos);
  CHECK(json::serialize(config::redacted(config.source)).find("canary") == std::string::npos);
  CHECK(effective(config, "").find("canary") == std::string::npos);
  CHECK(effective(config, "gateway.auth.token") == R"("__OPENCLAW_REDACTED__")");
  CHECK(effective(config, "models.providers.p.apiKey") == R"("__OPENCLAW_REDACTED__")");
  CHECK(effective(config, "gateway.remote.edgeAuth.a") == R"("__OPENCLAW_REDACTED__")");
}

TEST_CASE("redacted: hides by name and keeps references", "[config]") {
  const auto written = json::parse(R"({"a":{"apiKey":"x","maxTokens":5,"tokens":"y"},
    "botToken":"${BOT}","list":[{"password":"p"}],"t":{"source":"env","id":"T"},
    "secret":{"source":"env","provider":"default","id":"T"},"clientSecret":["s",1,true],
    "url":"postgres://u:p@h/db","plain":"a@b"})");
  CHECK(json::serialize(config::redacted(written)) ==
        R"({"a":{"apiKey":"__OPENCLAW_REDACTED__","maxTokens":5,"tokens":"y"},"botToken":"${BOT}",)"
        R"("list":[{"password":"__OPENCLAW_REDACTED__"}],"t":{"source":"env","id":"T"},)"
        R"("secret":{"source":"env","provider":"default","id":"T"},)"
        R"("clientSecret":["__OPENCLAW_REDACTED__","__OPENCLAW_REDACTED__",true],)"
        R"("url":"postgres://__OPENCLAW_REDACTED__@h/db","plain":"a@b"})");
}

} // namespace
} // namespace troupe::test
