#include "tests/unit/config/config_world.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

namespace troupe::test {
namespace {

namespace fs = std::filesystem;

TEST_CASE_METHOD(config_world, "include: a file stands for the object that names it", "[include]") {
  write(".troupe/gateway.json5", "{port: 7, /* */ bind: 'loopback'}");
  const auto config = accept("{gateway: {$include: './gateway.json5'}}");
  CHECK(config.values.gateway.port == 7);
  CHECK(config.source.at("gateway").as_object().contains("$include"));
  CHECK_FALSE(config.merged.at("gateway").as_object().contains("$include"));
}

TEST_CASE_METHOD(config_world, "include: files merge in order and members beside them win",
                 "[include]") {
  write(".troupe/a.json5",
        "{port: 1, controlUi: {allowedOrigins: ['http://a']}, auth: {token: 'a'}}");
  write(".troupe/b.json5", "{port: 2, controlUi: {allowedOrigins: ['http://b']}}");
  const auto config =
      accept("{gateway: {auth: {mode: 'token'}, $include: ['a.json5', 'b.json5'], port: 3}}");
  CHECK(config.values.gateway.port == 3);
  CHECK(config.values.gateway.auth.token.reveal() == "a");
  CHECK(config.values.gateway.auth.mode_configured);
  CHECK(config.values.gateway.allowed_origins == std::vector<std::string>{"http://a", "http://b"});
}

TEST_CASE_METHOD(config_world, "include: files include others, relative to themselves",
                 "[include]") {
  write(".troupe/sub/a.json5", "{gateway: {$include: 'b.json5'}}");
  write(".troupe/sub/b.json5", "{port: 9}");
  CHECK(accept("{$include: 'sub/a.json5'}").values.gateway.port == 9);
}

TEST_CASE_METHOD(config_world, "include: a mistake is named with its own file and place",
                 "[include]") {
  write(".troupe/a.json5", "{\n  prot: 1}");
  CHECK(refusal("{gateway: {$include: 'a.json5'}}") ==
        "gateway.prot (a.json5:2:3): unknown key; did you mean \"port\"?");
  write(".troupe/a.json5", "{port: }");
  CHECK(refusal("{gateway: {$include: 'a.json5'}}").starts_with("a.json5:1:8: expected a value"));
  write(".troupe/a.json5", "{port: 1}");
  CHECK(refusal("{gateway: {$include: 'a.json5', \n port: 'x'}}")
            .starts_with("gateway.port (troupe.json:2:8): "));
}

TEST_CASE_METHOD(config_world, "include: nothing outside the allowed folders is read",
                 "[include]") {
  write("elsewhere/a.json5", "{port: 4}");
  CHECK(refusal("{gateway: {$include: '../elsewhere/a.json5'}}").find("lies outside") !=
        std::string::npos);
  CHECK(refusal("{gateway: {$include: '" + home() + "/elsewhere/a.json5'}}").find("lies outside") !=
        std::string::npos);
  fs::create_symlink(home() + "/elsewhere/a.json5", state() + "/link.json5");
  CHECK(refusal("{gateway: {$include: 'link.json5'}}").find("lies outside") != std::string::npos);
  fs::create_directories(home() + "/.troupe-evil");
  write(".troupe-evil/a.json5", "{}");
  CHECK(refusal("{gateway: {$include: '../.troupe-evil/a.json5'}}").find("lies outside") !=
        std::string::npos);

  environment["OPENCLAW_INCLUDE_ROOTS"] = "/nonexistent:" + home() + "/elsewhere";
  CHECK(accept("{gateway: {$include: '../elsewhere/a.json5'}}").values.gateway.port == 4);
  CHECK(accept("{gateway: {$include: 'link.json5'}}").values.gateway.port == 4);
}

TEST_CASE_METHOD(config_world, "include: circles and long chains end", "[include]") {
  write(".troupe/a.json5", "{$include: 'b.json5'}");
  write(".troupe/b.json5", "{$include: 'a.json5'}");
  CHECK(refusal("{$include: 'a.json5'}").find("deeper than 10 levels") != std::string::npos);

  write(".troupe/wide.json5", "{$include: ['wide.json5', 'wide.json5']}");
  CHECK_FALSE(load("{$include: 'wide.json5'}").config);

  write(".troupe/leaf.json5", "{}");
  for (int level = 1; level < 10; ++level)
    write(".troupe/l" + std::to_string(level) + ".json5",
          "{$include: '" + (level == 1 ? "leaf" : "l" + std::to_string(level - 1)) + ".json5'}");
  CHECK(load("{$include: 'l9.json5'}").config);
  write(".troupe/l10.json5", "{$include: 'l9.json5'}");
  CHECK_FALSE(load("{$include: 'l10.json5'}").config);
}

TEST_CASE_METHOD(config_world, "include: depth and size count over all files", "[include]") {
  std::string deep = "0";
  for (int i = 0; i < 40; ++i)
    deep = "{a: " + deep + "}";
  write(".troupe/deep.json5", deep);
  std::string outer = "{$include: 'deep.json5'}";
  for (int i = 0; i < 30; ++i)
    outer = "{a: " + outer + "}";
  CHECK(refusal(outer).find("nested deeper than 64 levels") != std::string::npos);

  write(".troupe/large.json5", "{}" + std::string(3u << 20, ' '));
  CHECK(load("{$include: 'large.json5'}").config);
  CHECK(refusal("{$include: ['large.json5', 'large.json5']}").find("larger than") !=
        std::string::npos);
}

TEST_CASE_METHOD(config_world, "include: what is no path is refused", "[include]") {
  for (const auto* wrong : {"5", "[]", "[5]", "{}", "null", "''", "'a\\0b'"})
    CHECK_FALSE(load("{gateway: {$include: " + std::string(wrong) + "}}").config);
  CHECK_FALSE(load("{$include: '" + std::string(4096, 'a') + "'}").config);
  CHECK(refusal("{\n$include: 'missing.json5'}") ==
        "$include (troupe.json:2:11): missing.json5: No such file or directory");
  CHECK_FALSE(load("{$include: '.'}").config);
  write(".troupe/list.json5", "[]");
  CHECK(refusal("{gateway: {$include: 'list.json5', port: 1}}").find("holds no object") !=
        std::string::npos);
}

} // namespace
} // namespace troupe::test
