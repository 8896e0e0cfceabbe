#include "config/edit/change.hpp"
#include "tests/unit/config/config_world.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace troupe::config {
namespace {

using test::config_world;
namespace json = boost::json;
namespace fs = std::filesystem;

struct change_world : config_world {
  std::string file() const { return state() + "/troupe.json"; }
  static std::string text_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::variant<planned_change, refused_change> plan(std::string_view next) {
    return plan_change(options, load(), json::parse({next.data(), next.size()}));
  }
  planned_change good(std::string_view next) {
    auto planned = plan(next);
    if (const auto* refused = std::get_if<refused_change>(&planned))
      FAIL(refused->findings.front().text());
    return std::move(std::get<planned_change>(planned));
  }
  std::string refusal(std::string_view next) {
    const auto planned = plan(next);
    const auto* refused = std::get_if<refused_change>(&planned);
    return refused ? refused->findings.front().text() : "accepted";
  }
};

TEST_CASE_METHOD(change_world, "change: is written whole, keeps the mode and leaves a copy",
                 "[config]") {
  write(".troupe/troupe.json", "{gateway: {port: 1}} // mine\n");
  REQUIRE(::chmod(file().c_str(), 0640) == 0);
  const auto change = good(R"({"gateway":{"port":2}})");
  CHECK(change.changed == std::vector<std::string>{"gateway.port"});
  CHECK(change.next.config->values.gateway.port == 2);
  CHECK(text_of(file()) == "{gateway: {port: 1}} // mine\n"); // Planning writes nothing.

  REQUIRE(write_change(change));
  CHECK(text_of(file()) == "{\n  \"gateway\": {\n    \"port\": 2\n  }\n}\n");
  CHECK(text_of(file() + ".bak") == "{gateway: {port: 1}} // mine\n");
  struct stat about {};
  REQUIRE(::stat(file().c_str(), &about) == 0);
  CHECK((about.st_mode & 07777) == 0640);
  REQUIRE(::stat((file() + ".bak").c_str(), &about) == 0);
  CHECK((about.st_mode & 07777) == 0640);
  CHECK(std::distance(fs::directory_iterator(state()), {}) == 2); // No temporary file is left.
}

TEST_CASE_METHOD(change_world, "change: makes a private file where there is none", "[config]") {
  REQUIRE(write_change(good(R"({"gateway":{"port":2}})")));
  struct stat about {};
  REQUIRE(::stat(file().c_str(), &about) == 0);
  CHECK((about.st_mode & 07777) == 0600);
  REQUIRE(::stat(state().c_str(), &about) == 0);
  CHECK((about.st_mode & 07777) == 0700);
  CHECK_FALSE(fs::exists(file() + ".bak"));
  CHECK(load().config->values.gateway.port == 2);
}

TEST_CASE_METHOD(change_world, "change: of a file that changed meanwhile is not written",
                 "[config]") {
  write(".troupe/troupe.json", "{}");
  const auto change = good(R"({"gateway":{"port":2}})");
  write(".troupe/troupe.json", "{gateway: {port: 3}}");
  const auto late = write_change(change);
  REQUIRE_FALSE(late);
  CHECK(late.error().code == errc::cancelled);
  CHECK(text_of(file()) == "{gateway: {port: 3}}");

  fs::remove(file());
  CHECK(write_change(change).error().code == errc::cancelled);
  auto first = good(R"({"gateway":{"port":2}})");
  write(".troupe/troupe.json", "{}");
  CHECK(write_change(first).error().code == errc::cancelled);
}

TEST_CASE_METHOD(change_world, "change: waits for another writer, but not for ever", "[config]") {
  write(".troupe/troupe.json", "{}");
  const auto change = good(R"({"gateway":{"port":2}})");
  const int held = ::open(state().c_str(), O_RDONLY | O_DIRECTORY);
  REQUIRE(::flock(held, LOCK_EX) == 0);
  CHECK(write_change(change).error().code == errc::cancelled);
  ::close(held);
  CHECK(write_change(change));
}

TEST_CASE_METHOD(change_world, "change: that a start would refuse is refused with path and line",
                 "[config]") {
  write(".troupe/troupe.json", "{}");
  CHECK(refusal(R"({"gateway":{"port":0}})")
            .starts_with("gateway.port (troupe.json:3:13): expected an integer"));
  CHECK(refusal(R"({"gatway":{}})").find("did you mean \"gateway\"") != std::string::npos);
  CHECK(text_of(file()) == "{}");
}

TEST_CASE_METHOD(change_world, "change: mends a file that is no config", "[config]") {
  write(".troupe/troupe.json", "{gateway: {prt: 1}}");
  REQUIRE(write_change(good(R"({"gateway":{"port":7}})")));
  write(".troupe/troupe.json", "{ nothing");
  const auto change = good(R"({})");
  CHECK(change.changed == std::vector<std::string>{""});
  REQUIRE(write_change(change));
  CHECK(load().config);
}

TEST_CASE_METHOD(change_world, "change: never touches OpenClaw's files, or links", "[config]") {
  write(".openclaw/openclaw.json", "{}");
  options.config_path = home() + "/.openclaw/openclaw.json";
  CHECK(refusal(R"({"gateway":{"port":2}})").find("belongs to OpenClaw") != std::string::npos);
  options.config_path = home() + "/plain.json";
  fs::create_symlink(home() + "/.openclaw/openclaw.json", home() + "/plain.json");
  CHECK(refusal(R"({"gateway":{"port":2}})").find("belongs to OpenClaw") != std::string::npos);
  write("mine.json", "{}");
  fs::create_symlink(home() + "/mine.json", home() + "/link.json");
  options.config_path = home() + "/link.json";
  CHECK(refusal(R"({"gateway":{"port":2}})").find("is a link") != std::string::npos);
}

TEST_CASE_METHOD(change_world, "change: leaves what an include owns", "[config]") {
  write(".troupe/g.json", "{port: 5}");
  write(".troupe/troupe.json", "{gateway: {$include: './g.json'}}");
  CHECK(refusal(R"({"gateway":{"$include":"./g.json","port":6}})").find("$include") !=
        std::string::npos);
  const auto change = good(R"({"gateway":{"$include":"./g.json"},"session":{"scope":"global"}})");
  REQUIRE(write_change(change));
  const auto now = load();
  CHECK(now.config->values.gateway.port == 5);
  CHECK(now.config->values.session.scope == "global");
  CHECK(now.config->files ==
        std::vector<std::string>{file(), fs::canonical(state()).string() + "/g.json"});
}

} // namespace
} // namespace troupe::config
