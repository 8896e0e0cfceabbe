#include "config/token_file.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

namespace troupe::config {
namespace {

namespace fs = std::filesystem;

mode_t mode_of(const std::string& path) {
  struct stat about {};
  REQUIRE(::stat(path.c_str(), &about) == 0);
  return about.st_mode & 0777;
}

TEST_CASE("token file: is made once, private, and read back", "[token_file]") {
  const test::temp_dir home;
  const auto state = home / "a/state";
  bool created = false;

  const auto first = load_or_create_gateway_token(state, created);
  REQUIRE(first);
  CHECK(created);
  CHECK(first.value().reveal().size() == 64);
  CHECK(mode_of(state) == 0700);
  CHECK(mode_of(state + "/gateway-token") == 0600);

  const auto second = load_or_create_gateway_token(state, created);
  REQUIRE(second);
  CHECK_FALSE(created);
  CHECK(second.value().equals(first.value().reveal()));
  CHECK(std::distance(fs::directory_iterator(state), fs::directory_iterator()) == 1);
}

TEST_CASE("token file: two gateways have two tokens", "[token_file]") {
  const test::temp_dir home;
  bool created = false;
  const auto one = load_or_create_gateway_token(home / "1", created);
  const auto two = load_or_create_gateway_token(home / "2", created);
  CHECK_FALSE(one.value().equals(two.value().reveal()));
}

TEST_CASE("token file: one that others can read is refused", "[token_file]") {
  const test::temp_dir home;
  const auto path = home / "gateway-token";
  std::ofstream(path) << "0123456789abcdef\n";
  bool created = false;
  for (const auto bit : {fs::perms::group_read, fs::perms::others_read, fs::perms::others_write,
                         fs::perms::others_exec}) {
    fs::permissions(path, fs::perms::owner_read | bit);
    const auto refused = load_or_create_gateway_token(home.path(), created);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::forbidden);
    CHECK(refused.error().detail.find("0123456789abcdef") == std::string::npos);
  }
  fs::permissions(path, fs::perms::owner_read);
  CHECK(load_or_create_gateway_token(home.path(), created).value().reveal() == "0123456789abcdef");
  CHECK_FALSE(created);
}

TEST_CASE("token file: a link in its place is refused", "[token_file]") {
  const test::temp_dir home;
  std::ofstream(home / "other") << "0123456789abcdef";
  fs::permissions(home / "other", fs::perms::owner_read);
  fs::create_symlink(home / "other", home / "gateway-token");
  bool created = false;
  CHECK(load_or_create_gateway_token(home.path(), created).error().code == errc::forbidden);
}

TEST_CASE("token file: what is no token is refused, not replaced", "[token_file]") {
  for (const std::string content :
       {"", "\n", "short", "0123456789 abcdef", "0123456789abcdef\nx"}) {
    const test::temp_dir home;
    std::ofstream(home / "gateway-token") << content;
    fs::permissions(home / "gateway-token", fs::perms::owner_read | fs::perms::owner_write);
    bool created = false;
    CHECK(load_or_create_gateway_token(home.path(), created).error().code == errc::corrupt);
  }
}

TEST_CASE("token file: those who start at once agree on one token", "[token_file]") {
  const test::temp_dir home;
  std::mutex guard;
  std::set<std::string> tokens;
  std::atomic<int> makers = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      bool created = false;
      const auto token = load_or_create_gateway_token(home / "state", created);
      const std::scoped_lock lock(guard);
      tokens.insert(token ? token.value().reveal() : token.error().detail);
      makers += created ? 1 : 0;
    });
  for (auto& thread : threads)
    thread.join();
  CHECK(tokens.size() == 1);
  CHECK(makers == 1);
}

} // namespace
} // namespace troupe::config
