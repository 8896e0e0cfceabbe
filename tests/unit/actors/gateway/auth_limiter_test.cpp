#include "actors/gateway/auth_limiter.hpp"

#include <catch2/catch.hpp>

namespace troupe::gateway {

using namespace std::chrono_literals;

TEST_CASE("auth limiter: loopback waits longer and longer, and is never locked out", "[gateway]") {
  auth_limiter limiter;
  CHECK(limiter.on_failure("127.0.0.1", true, 0s) == 250ms);
  CHECK(limiter.on_failure("127.0.0.1", true, 1s) == 500ms);
  CHECK(limiter.on_failure("127.0.0.1", true, 2s) == 1s);
  for (int i = 0; i < 20; ++i)
    limiter.on_failure("127.0.0.1", true, 3s);
  CHECK(limiter.on_failure("127.0.0.1", true, 4s) == 5s);
  CHECK(limiter.locked_for("127.0.0.1", 4s) == 0ms);
  // Forgotten after the window.
  CHECK(limiter.on_failure("127.0.0.1", true, 100s) == 250ms);
}

TEST_CASE("auth limiter: the tenth failure locks another address out", "[gateway]") {
  auth_limiter limiter;
  for (int i = 0; i < 9; ++i)
    CHECK(limiter.on_failure("10.0.0.1", false, 1s) == 0ms);
  CHECK(limiter.locked_for("10.0.0.1", 1s) == 0ms);
  limiter.on_failure("10.0.0.1", false, 1s);
  CHECK(limiter.locked_for("10.0.0.1", 1s) == 300s);
  CHECK(limiter.locked_for("10.0.0.2", 1s) == 0ms);
  CHECK(limiter.locked_for("10.0.0.1", 300s) == 1s);
  CHECK(limiter.locked_for("10.0.0.1", 301s) == 0ms);
}

TEST_CASE("auth limiter: failures older than the window don't count", "[gateway]") {
  auth_limiter limiter;
  for (int i = 0; i < 9; ++i)
    limiter.on_failure("10.0.0.1", false, 0s);
  limiter.on_failure("10.0.0.1", false, 61s);
  CHECK(limiter.locked_for("10.0.0.1", 61s) == 0ms);
}

TEST_CASE("auth limiter: success clears the record", "[gateway]") {
  auth_limiter limiter;
  for (int i = 0; i < 9; ++i)
    limiter.on_failure("10.0.0.1", false, 1s);
  limiter.on_success("10.0.0.1");
  limiter.on_failure("10.0.0.1", false, 2s);
  CHECK(limiter.locked_for("10.0.0.1", 2s) == 0ms);
}

TEST_CASE("auth limiter: a full table forgets who was heard of longest ago", "[gateway]") {
  auth_limiter limiter{2};
  for (int i = 0; i < 10; ++i)
    limiter.on_failure("first", false, 1s);
  for (int i = 0; i < 10; ++i)
    limiter.on_failure("second", false, 2s);
  limiter.on_failure("third", false, 3s);
  CHECK(limiter.locked_for("first", 3s) == 0ms);
  CHECK(limiter.locked_for("second", 3s) > 0ms);
}

} // namespace troupe::gateway
