#include "tests/unit/config/config_world.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {
namespace {

/// A config with the models p/a, p/b and q/x/y, and the given agents section.
std::string with_agents(std::string_view agents) {
  return "{models: {providers: {p: {baseUrl: 'http://x', models: [{id: 'a'}, {id: 'b'}]},"
         "q: {baseUrl: 'http://x', models: [{id: 'x/y'}]}}}, agents: {" +
         std::string(agents) + "}}";
}

TEST_CASE_METHOD(config_world, "agents: a model is a word or a choice with fallbacks", "[config]") {
  auto config = accept(with_agents("defaults: {model: 'p/a'}"));
  CHECK(config.values.agents.entries[0].model.text() == "p/a");
  config =
      accept(with_agents("defaults: {model: {primary: 'q/x/y', fallbacks: ['p/b', 'demo/demo']}}"));
  CHECK(config.values.agents.entries[0].model == config::model_ref{"q", "x/y"});
  REQUIRE(config.values.agents.entries[0].fallbacks.size() == 2);
  CHECK(config.values.agents.entries[0].fallbacks[0].text() == "p/b");
}

TEST_CASE_METHOD(config_world, "agents: a model that is not configured is refused with the nearest",
                 "[config]") {
  CHECK(refusal(with_agents("defaults: {model: 'p/c'}")).find("did you mean \"p/a\"?") !=
        std::string::npos);
  CHECK(
      refusal(with_agents("defaults: {model: 'r/zzzzzzzz'}"))
          .ends_with("names no configured model; there is no provider \"r\" in models.providers"));
  CHECK(refusal(with_agents("defaults: {model: 'b'}")).ends_with("did you mean \"p/b\"?"));
  CHECK_FALSE(load(with_agents("defaults: {model: {fallbacks: ['p/z']}}")).config);
  CHECK_FALSE(load(with_agents("defaults: {model: 5}")).config);
  CHECK_FALSE(load(with_agents("defaults: {model: ''}")).config);
  CHECK_FALSE(load(with_agents("defaults: {model: {primry: 'p/a'}}")).config);
  CHECK_FALSE(load(with_agents("defaults: {model: '${MODEL}'}")).config);
}

TEST_CASE_METHOD(config_world, "agents: entries inherit what they do not say", "[config]") {
  const auto config = accept(with_agents(R"(
    defaults: {model: {primary: "p/a", fallbacks: ["p/b"]}, timeoutSeconds: 60,
               userTimezone: "Europe/Berlin", maxConcurrent: 3},
    entries: {Zoe: {name: "Z"}, main: {model: "q/x/y"}, ops: {workspace: "~/ops"}})"));
  const auto& agents = config.values.agents;
  REQUIRE(agents.entries.size() == 3);
  CHECK(agents.entries[0].id == "zoe"); // In the order of the file.
  CHECK(agents.max_concurrent == 3);
  CHECK(agents.default_id == "main");
  const auto& zoe = *agents.find("zoe");
  CHECK(zoe.name == "Z");
  CHECK(zoe.model.text() == "p/a");
  CHECK(zoe.fallbacks.size() == 1);
  CHECK(zoe.run_timeout == std::chrono::seconds(60));
  CHECK(zoe.user_timezone == "Europe/Berlin");
  CHECK(zoe.workspace == state() + "/workspace-zoe");
  CHECK(agents.find("main")->model.text() == "q/x/y");
  CHECK(agents.find("main")->fallbacks.empty());
  CHECK(agents.find("main")->name == "main");
  CHECK(agents.find("main")->workspace == state() + "/workspace");
  CHECK(agents.find("ops")->workspace == home() + "/ops");
}

TEST_CASE_METHOD(config_world, "agents: the marked one is the default, else main, else the first",
                 "[config]") {
  CHECK(accept("{agents: {entries: {b: {}, a: {default: true}, main: {}}}}")
            .values.agents.default_id == "a");
  CHECK(accept("{agents: {entries: {b: {}, main: {}}}}").values.agents.default_id == "main");
  CHECK(accept("{agents: {entries: {b: {}, a: {}}}}").values.agents.default_id == "b");
  CHECK(refusal("{agents: {entries: {b: {default: true}, a: {default: true}}}}")
            .find("only one agent can be the default") != std::string::npos);
}

TEST_CASE_METHOD(config_world,
                 "agents: the default agent's workspace comes from config, then environment",
                 "[config]") {
  environment["OPENCLAW_WORKSPACE_DIR"] = "/theirs";
  CHECK(accept("{}").values.agents.entries[0].workspace == "/theirs");
  environment["TROUPE_WORKSPACE_DIR"] = "rel/../ours/";
  CHECK(accept("{}").values.agents.entries[0].workspace == home() + "/work/ours");
  const auto config =
      accept("{agents: {defaults: {workspace: '/mine'}, entries: {one: {}, two: {}}}}");
  CHECK(config.values.agents.find("one")->workspace == "/mine");
  CHECK(config.values.agents.find("two")->workspace == state() + "/workspace-two");
}

TEST_CASE_METHOD(config_world, "agents: ids are lower-case and plain", "[config]") {
  CHECK(accept("{agents: {entries: {'A-b_9': {}}}}").values.agents.entries[0].id == "a-b_9");
  for (const auto* wrong : {"", "-a", "a b", "a/b", "a:b", "../x", "ä"})
    CHECK_FALSE(load("{agents: {entries: {'" + std::string(wrong) + "': {}}}}").config);
  CHECK_FALSE(load("{agents: {entries: {" + std::string(65, 'a') + ": {}}}}").config);
  CHECK(refusal("{agents: {entries: {ops: {}, Ops: {}}}}").find("exists already") !=
        std::string::npos);
}

TEST_CASE_METHOD(config_world, "agents: limits are checked", "[config]") {
  CHECK(accept("{agents: {defaults: {timeoutSeconds: 0}}}").values.agents.entries[0].run_timeout ==
        std::chrono::seconds(0));
  CHECK_FALSE(load("{agents: {defaults: {timeoutSeconds: -1}}}").config);
  CHECK_FALSE(load("{agents: {defaults: {maxConcurrent: 0}}}").config);
  CHECK_FALSE(load("{agents: {defaults: {userTimezone: 'Mars; rm -rf'}}}").config);
  CHECK_FALSE(load("{agents: {defaults: {workspace: ''}}}").config);
  CHECK_FALSE(load("{agents: {defaults: {workspace: 'a\\0b'}}}").config);
}

} // namespace
} // namespace troupe::test
