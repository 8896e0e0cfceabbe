#include "config/path.hpp"
#include "config/reload.hpp"
#include "tests/unit/config/config_world.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <algorithm>

namespace troupe::config {
namespace {

using test::config_world;
namespace json = boost::json;
using paths = std::vector<std::string>;

TEST_CASE("reload: a difference is named by its deepest path", "[config]") {
  const auto changed = [](std::string_view before, std::string_view after) {
    return changed_paths(json::parse({before.data(), before.size()}),
                         json::parse({after.data(), after.size()}));
  };
  CHECK(changed(R"({"a":{"b":1,"c":2}})", R"({"a":{"b":1,"c":3}})") == paths{"a.c"});
  CHECK(changed(R"({})", R"({"a":{"b":1,"c":{"d":2}}})") == paths{"a.b", "a.c.d"});
  CHECK(changed(R"({"a":{"b":1}})", R"({})") == paths{"a.b"});
  CHECK(changed(R"({})", R"({"a":{}})") == paths{"a"});
  CHECK(changed(R"({"a":[1,2]})", R"({"a":[1,3]})") == paths{"a"});
  CHECK(changed(R"({"a":{"b":1}})", R"({"a":5})") == paths{"a"});
  CHECK(changed(R"({"a":1,"b":2})", R"({"b":2,"a":1})").empty());
  CHECK(changed(R"({"x.y":1})", R"({"x.y":2})") == paths{R"(["x.y"])"});
}

TEST_CASE("reload: the longest rule decides, and what has no rule needs a restart", "[config]") {
  CHECK(reload_kind_of("gateway.port") == reload_kind::restart);
  CHECK(reload_kind_of("gateway.auth.token") == reload_kind::hot);
  CHECK(reload_kind_of("gateway.auth.mode") == reload_kind::restart);
  CHECK(reload_kind_of("gateway.auth.tokens") == reload_kind::restart);
  CHECK(reload_kind_of("agents.entries.main.model") == reload_kind::hot);
  CHECK(reload_kind_of("agents.defaults.maxConcurrent") == reload_kind::restart);
  CHECK(reload_kind_of("logging.level") == reload_kind::hot);
  CHECK(reload_kind_of("logging.file") == reload_kind::restart);
  CHECK(reload_kind_of("something.new") == reload_kind::restart);
  CHECK(reload_kind_of("$schema") == reload_kind::none);
}

TEST_CASE("reload: every section that is built has a rule", "[config]") {
  const auto whole = schema();
  for (const auto& [name, value] : whole.at("properties").as_object()) {
    INFO(name);
    CHECK(std::ranges::any_of(
        reload_rules(), [&](const auto& rule) { return rule.prefix == std::string_view(name); }));
  }
  for (const auto& rule : reload_rules()) {
    const json::value* at = &whole;
    const auto steps = path_steps(rule.prefix);
    REQUIRE(steps);
    for (const auto& step : *steps)
      at = at && at->as_object().contains("properties") ? child_of(at->at("properties"), step)
                                                        : nullptr;
    INFO(rule.prefix);
    CHECK(at); // No rule speaks of a key that does not exist.
  }
}

TEST_CASE_METHOD(config_world, "reload: a plan sorts what changed", "[config]") {
  const auto before =
      accept("{gateway: {port: 1000, auth: {token: 'a'}}, ui: {seamColor: '#111111'}}");
  const auto after =
      accept("{gateway: {port: 2000, auth: {token: 'b'}}, ui: {seamColor: '#222222'}, "
             "messages: {queue: {cap: 5}}}");
  const auto plan = plan_reload(before, after);
  CHECK(plan.restart == paths{"gateway.port"});
  CHECK(plan.hot == paths{"gateway.auth.token", "messages.queue.cap"});
  CHECK(plan.none == paths{"ui.seamColor"});
  CHECK(plan_reload(before, after, {"gateway.port"}).restart.empty());
  CHECK(plan_reload(before, before).empty());
}

TEST_CASE_METHOD(config_world, "reload: a secret or a variable that changed shows by its path",
                 "[config]") {
  const auto* text = "{models: {providers: {p: {baseUrl: 'http://x', apiKey: '$KEY', "
                     "headers: {h: '$HEADER'}}}}}";
  environment["KEY"] = "one";
  environment["HEADER"] = "h1";
  const auto before = accept(text);
  environment["KEY"] = "two";
  environment["HEADER"] = "h2";
  environment["TROUPE_GATEWAY_PORT"] = "4000";
  const auto plan = plan_reload(before, accept(text));
  CHECK(plan.hot == paths{"models.providers.p.apiKey", "models.providers.p.headers.h"});
  CHECK(plan.restart == paths{"gateway.port"});
}

TEST_CASE_METHOD(config_world, "reload: what needs a restart keeps its old value until then",
                 "[config]") {
  const auto running = accept("{gateway: {port: 1000, auth: {token: 'a'}, trustedProxies: []}, "
                              "agents: {defaults: {maxConcurrent: 3}}, logging: {file: '/l/old'}}");
  auto next = accept("{gateway: {port: 2000, auth: {token: 'b'}, trustedProxies: ['10.0.0.1'], "
                     "nodes: {pairing: {autoApproveLocal: false}}, "
                     "controlUi: {basePath: '/page', allowedOrigins: ['http://a']}, "
                     "http: {endpoints: {responses: {enabled: true}}}}, "
                     "agents: {defaults: {maxConcurrent: 4, timeoutSeconds: 9}}, "
                     "logging: {file: '/l/new', level: 'debug'}}");
  const auto plan = plan_reload(running, next);
  CHECK(plan.restart == paths{"gateway.port", "agents.defaults.maxConcurrent", "logging.file"});
  keep_running(running, plan.restart, next);
  CHECK(next.values.gateway.port == 1000);
  CHECK(next.values.gateway.auth.token.reveal() == "b");
  CHECK(next.values.gateway.trusted_proxies == paths{"10.0.0.1"});
  CHECK_FALSE(next.values.gateway.approve_local_devices);
  CHECK(next.values.gateway.http.responses);
  CHECK(next.values.gateway.control_ui.base_path == "/page");
  CHECK(next.values.gateway.allowed_origins == paths{"http://a"});
  CHECK(next.values.agents.max_concurrent == 3);
  CHECK(next.values.agents.entries.front().run_timeout == std::chrono::seconds(9));
  CHECK(next.values.logging.file == "/l/old");
  CHECK(next.values.logging.level == log::level::debug);
  CHECK(get_effective(next, "gateway.port").value() == 1000);
  CHECK(get_effective(next, "agents.defaults.maxConcurrent").value() == 3);
  CHECK(get_effective(next, "messages.queue.cap").value() == 20);
}

TEST_CASE_METHOD(config_world, "reload: another auth mode leaves the old credentials in force",
                 "[config]") {
  const auto running = accept("{gateway: {auth: {token: 'a'}}}");
  auto next = accept("{gateway: {auth: {mode: 'password', password: 'p'}}}");
  keep_running(running, plan_reload(running, next).restart, next);
  CHECK(next.values.gateway.auth.mode == auth_mode::token);
  CHECK(next.values.gateway.auth.token.reveal() == "a");
  CHECK(next.values.gateway.auth.password.empty());
}

TEST_CASE("paths: are assigned, made on the way, and erased", "[config]") {
  json::value root = json::object();
  CHECK(assign_path(root, *path_steps("a.b[\"c.d\"]"), 5));
  CHECK(root == json::parse(R"({"a":{"b":{"c.d":5}}})"));
  CHECK_FALSE(assign_path(root, *path_steps("a.b[\"c.d\"].e"), 5));
  CHECK(assign_path(root, *path_steps("l"), json::array{1}));
  CHECK(assign_path(root, *path_steps("l[1]"), 2));
  CHECK(assign_path(root, *path_steps("l[0]"), 3));
  CHECK_FALSE(assign_path(root, *path_steps("l[3]"), 2));
  CHECK(root.at("l") == json::array{3, 2});
  CHECK(erase_path(root, *path_steps("l[0]")));
  CHECK(erase_path(root, *path_steps("a.b")));
  CHECK_FALSE(erase_path(root, *path_steps("a.b")));
  CHECK_FALSE(erase_path(root, {}));
  CHECK(root == json::parse(R"({"a":{},"l":[2]})"));
}

} // namespace
} // namespace troupe::config
