#include "config/locations.hpp"
#include "tests/unit/config/config_world.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {
namespace {

config::locations located(const config_world& world) {
  auto found = config::locate(world.options, config::environment(world.options.environment));
  REQUIRE(found);
  return found.value();
}

TEST_CASE_METHOD(config_world, "locations: default below the home directory", "[config]") {
  CHECK(located(*this).state_dir == home() + "/.troupe");
  CHECK(located(*this).config_path == home() + "/.troupe/troupe.json");
  CHECK_FALSE(located(*this).config_exists);
  CHECK(located(*this).openclaw_hint.empty());
}

TEST_CASE_METHOD(config_world, "locations: the flag, our variable, OpenClaw's, in this order",
                 "[config]") {
  environment["OPENCLAW_STATE_DIR"] = "/c";
  environment["OPENCLAW_CONFIG_PATH"] = "/c.json";
  CHECK(located(*this).state_dir == "/c");
  CHECK(located(*this).config_path == "/c.json");
  environment["TROUPE_STATE_DIR"] = "/b/";
  environment["TROUPE_CONFIG_PATH"] = "~/b.json";
  CHECK(located(*this).state_dir == "/b");
  CHECK(located(*this).config_path == home() + "/b.json");
  options.state_dir = "a/../state";
  options.config_path = "a.json";
  CHECK(located(*this).state_dir == home() + "/work/state");
  CHECK(located(*this).config_path == home() + "/work/a.json");
}

TEST_CASE_METHOD(config_world, "locations: a variable that is set to nothing is not set",
                 "[config]") {
  environment["TROUPE_STATE_DIR"] = "";
  environment["OPENCLAW_STATE_DIR"] = "/c";
  CHECK(located(*this).state_dir == "/c");
}

TEST_CASE_METHOD(config_world,
                 "locations: only OpenClaw's config is there, so its command is named",
                 "[config]") {
  write(".openclaw/openclaw.json", "{}");
  CHECK(located(*this).openclaw_hint ==
        "troupe gateway run --config " + home() + "/.openclaw/openclaw.json");

  SECTION("not when we have a config") {
    write(".troupe/troupe.json", "{}");
    CHECK(located(*this).openclaw_hint.empty());
  }
  SECTION("not when a config is asked for") {
    options.config_path = "x.json";
    CHECK(located(*this).openclaw_hint.empty());
  }
}

TEST_CASE_METHOD(config_world, "locations: the hint is quoted for a shell", "[config]") {
  environment["HOME"] = home() + "/it's me";
  write("it's me/.openclaw/openclaw.json", "{}");
  CHECK(located(*this).openclaw_hint ==
        "troupe gateway run --config '" + home() + "/it'\\''s me/.openclaw/openclaw.json'");
}

TEST_CASE_METHOD(config_world, "locations: a .env file cannot redirect the gateway", "[config]") {
  write("work/.env", "TROUPE_STATE_DIR=/evil\nTROUPE_CONFIG_PATH=/evil.json\n");
  CHECK(load().where.state_dir == home() + "/.troupe");
  CHECK(load().where.config_path == home() + "/.troupe/troupe.json");
}

} // namespace
} // namespace troupe::test
