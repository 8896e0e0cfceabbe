#include "actors/bridge/blocking_pool.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>

namespace troupe::test {

TEST_CASE("blocking pool: runs work on its threads, refuses over its queue's bound") {
  blocking_pool pool{1, 1};
  std::promise<void> go;
  std::promise<void> begun;
  REQUIRE(pool.post([&] {
    begun.set_value();
    go.get_future().wait();
  }));
  begun.get_future().wait();
  std::promise<void> second;
  REQUIRE(pool.post([&] { second.set_value(); }));

  CHECK_FALSE(pool.post([] {}));

  go.set_value();
  CHECK(second.get_future().wait_for(std::chrono::seconds{10}) == std::future_status::ready);
}

TEST_CASE("blocking pool: ends with work in its queue") {
  std::atomic<int> ran{0};
  std::promise<void> begun;
  std::promise<void> go;
  {
    blocking_pool pool{1, 8};
    pool.post([&] {
      begun.set_value();
      go.get_future().wait();
      ++ran;
    });
    begun.get_future().wait();
    for (int i = 0; i < 8; ++i)
      pool.post([&] { ++ran; });
    go.set_value();
  }
  CHECK(ran >= 1);
}

} // namespace troupe::test
