#include "app/config_watcher.hpp"
#include "base/poll.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>

namespace troupe::test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

struct watched {
  temp_dir home;
  std::mutex guard;
  std::vector<std::string> files{home / "a/troupe.json"};
  std::atomic<int> changes{0};
  std::unique_ptr<config_watcher> watcher;

  watched() {
    fs::create_directories(home / "a");
    fs::create_directories(home / "b");
  }
  ~watched() { watcher.reset(); }
  void start() {
    auto made = config_watcher::start(
        [this] {
          const std::scoped_lock lock{guard};
          return files;
        },
        [this] { ++changes; });
    REQUIRE(made);
    watcher = std::move(made.value());
  }
  void put(const std::string& name, std::string_view text = "x") const {
    std::ofstream(home / name, std::ios::binary) << text;
  }
  bool more_than(int seen) const {
    return poll_until(10s, [&] { return changes > seen; });
  }
  /// A change that is seen after all that went before it: events come in order.
  int settled() {
    const int seen = changes;
    put("a/troupe.json", "end");
    REQUIRE(more_than(seen));
    return changes;
  }
};

} // namespace

TEST_CASE_METHOD(watched, "watcher: sees a file written, replaced, taken away and made again",
                 "[reload]") {
  start();
  int seen = 0;
  put("a/troupe.json");
  REQUIRE(more_than(seen));
  seen = changes;
  put("a/new");
  fs::rename(home / "a/new", home / "a/troupe.json");
  REQUIRE(more_than(seen));
  seen = changes;
  fs::remove(home / "a/troupe.json");
  REQUIRE(more_than(seen));
  seen = changes;
  put("a/troupe.json");
  REQUIRE(more_than(seen));
}

TEST_CASE_METHOD(watched, "watcher: many writes are one change, other files are none", "[reload]") {
  start();
  for (int i = 0; i < 50; ++i)
    put("a/other", std::string(1, static_cast<char>('a' + i % 26)));
  for (int i = 0; i < 50; ++i)
    put("a/troupe.json", std::string(1, static_cast<char>('a' + i % 26)));
  REQUIRE(more_than(0));
  CHECK(settled() <= 3); // The burst, its rest if the machine was slow, and the end.
}

TEST_CASE_METHOD(watched, "watcher: follows the files that a change brings", "[reload]") {
  start();
  {
    const std::scoped_lock lock{guard};
    files.push_back(home / "b/included.json");
  }
  int seen = settled();
  // The thread looks at the new list right after it told of the change.
  REQUIRE(poll_until(10s, [&] {
    put("b/included.json");
    return changes > seen;
  }));
  seen = changes;
  put("b/included.json", "again");
  CHECK(more_than(seen));
}

TEST_CASE_METHOD(watched, "watcher: finds a folder that is made later", "[reload]") {
  files = {home / "later/troupe.json"};
  start();
  fs::create_directories(home / "later");
  put("later/troupe.json");
  CHECK(poll_until(20s, [&] { return changes > 0; }));
}

TEST_CASE_METHOD(watched, "watcher: ends at once, also while it waits for quiet", "[reload]") {
  start();
  put("a/troupe.json");
  watcher.reset();
  CHECK(changes <= 1);
}

} // namespace troupe::test
