#include "actors/gateway/auth_limiter.hpp"

#include <catch2/catch.hpp>

namespace troupe::gateway {

using namespace std::chrono_literals;

TEST_CASE("auth limiter: loopback waits longer and longer, and is never locked out", "[gateway]") {
  auth_limiter limiter;
  CHECK(limiter.on_failure(guessed::shared_secret, "127.0.0.1", true, 0s) == 250ms);
  CHECK(limiter.on_failure(guessed::shared_secret, "127.0.0.1", true, 1s) == 500ms);
  CHECK(limiter.on_failure(guessed::shared_secret, "127.0.0.1", true, 2s) == 1s);
  for (int i = 0; i < 20; ++i)
    limiter.on_failure(guessed::shared_secret, "127.0.0.1", true, 3s);
  CHECK(limiter.on_failure(guessed::shared_secret, "127.0.0.1", true, 4s) == 5s);
  CHECK(limiter.locked_for(guessed::shared_secret, "127.0.0.1", true, 4s) == 0ms);
  // Forgotten after the window.
  CHECK(limiter.on_failure(guessed::shared_secret, "127.0.0.1", true, 100s) == 250ms);
}

TEST_CASE("auth limiter: the tenth failure locks another address out", "[gateway]") {
  auth_limiter limiter;
  for (int i = 0; i < 9; ++i)
    CHECK(limiter.on_failure(guessed::shared_secret, "10.0.0.1", false, 1s) == 0ms);
  CHECK(limiter.locked_for(guessed::shared_secret, "10.0.0.1", false, 1s) == 0ms);
  limiter.on_failure(guessed::shared_secret, "10.0.0.1", false, 1s);
  CHECK(limiter.locked_for(guessed::shared_secret, "10.0.0.1", false, 1s) == 300s);
  CHECK(limiter.locked_for(guessed::shared_secret, "10.0.0.2", false, 1s) == 0ms);
  CHECK(limiter.locked_for(guessed::shared_secret, "10.0.0.1", false, 300s) == 1s);
  CHECK(limiter.locked_for(guessed::shared_secret, "10.0.0.1", false, 301s) == 0ms);
}

TEST_CASE("auth limiter: failures older than the window don't count", "[gateway]") {
  auth_limiter limiter;
  for (int i = 0; i < 9; ++i)
    limiter.on_failure(guessed::shared_secret, "10.0.0.1", false, 0s);
  limiter.on_failure(guessed::shared_secret, "10.0.0.1", false, 61s);
  CHECK(limiter.locked_for(guessed::shared_secret, "10.0.0.1", false, 61s) == 0ms);
}

TEST_CASE("auth limiter: success clears the record", "[gateway]") {
  auth_limiter limiter;
  for (int i = 0; i < 9; ++i)
    limiter.on_failure(guessed::shared_secret, "10.0.0.1", false, 1s);
  limiter.on_success(guessed::shared_secret, "10.0.0.1", 1s);
  limiter.on_failure(guessed::shared_secret, "10.0.0.1", false, 2s);
  CHECK(limiter.locked_for(guessed::shared_secret, "10.0.0.1", false, 2s) == 0ms);
}

TEST_CASE("auth limiter: a full table forgets who was heard of longest ago", "[gateway]") {
  auth_limiter limiter{{}, 2};
  for (int i = 0; i < 10; ++i)
    limiter.on_failure(guessed::shared_secret, "first", false, 1s);
  for (int i = 0; i < 10; ++i)
    limiter.on_failure(guessed::shared_secret, "second", false, 2s);
  limiter.on_failure(guessed::shared_secret, "third", false, 3s);
  CHECK(limiter.locked_for(guessed::shared_secret, "first", false, 3s) == 0ms);
  CHECK(limiter.locked_for(guessed::shared_secret, "second", false, 3s) > 0ms);
}

TEST_CASE("auth limiter: the config sets the numbers, and may lock this machine out too",
          "[gateway]") {
  auth_limiter limiter{{.attempts_max = 2, .window = 1s, .lockout = 5s, .exempt_loopback = false}};
  limiter.on_failure(guessed::shared_secret, "127.0.0.1", true, 1s);
  CHECK(limiter.locked_for(guessed::shared_secret, "127.0.0.1", true, 1s) == 0ms);
  limiter.on_failure(guessed::shared_secret, "127.0.0.1", true, 1s);
  CHECK(limiter.locked_for(guessed::shared_secret, "127.0.0.1", true, 1s) == 5s);
}

TEST_CASE("auth limiter: guesses of tokens and of the secret count apart", "[gateway]") {
  auth_limiter limiter;
  for (int i = 0; i < 10; ++i)
    limiter.on_failure(guessed::device_token, "10.0.0.1", false, 1s);
  CHECK(limiter.locked_for(guessed::device_token, "10.0.0.1", false, 1s) > 0ms);
  CHECK(limiter.locked_for(guessed::shared_secret, "10.0.0.1", false, 1s) == 0ms);
}

TEST_CASE("security row 3: of 100,000 guesses from one address ten are looked at", "[security]") {
  auth_limiter limiter;
  int compared = 0;
  for (int i = 0; i < 100'000; ++i)
    if (limiter.locked_for(guessed::shared_secret, "10.0.0.1", false, 1s) == 0ms) {
      ++compared;
      limiter.on_failure(guessed::shared_secret, "10.0.0.1", false, 1s);
    }
  CHECK(compared == 10);
}

TEST_CASE("security row 3: of 100,000 guesses from as many addresses a thousand are looked at",
          "[security]") {
  auth_limiter limiter;
  limiter.on_success(guessed::shared_secret, "192.0.2.1", 1s);
  std::size_t compared = 0;
  for (int i = 0; i < 100'000; ++i) {
    const auto ip = "10." + std::to_string(i / 65'536) + "." + std::to_string(i / 256 % 256) + "." +
                    std::to_string(i % 256);
    if (limiter.locked_for(guessed::shared_secret, ip, false, 1s) == 0ms) {
      ++compared;
      limiter.on_failure(guessed::shared_secret, ip, false, 1s);
    }
  }
  CHECK(compared == auth_limiter::failures_of_all_max);
  // Who was here before is still let in; strangers are again when the storm is over.
  CHECK(limiter.locked_for(guessed::shared_secret, "192.0.2.1", false, 1s) == 0ms);
  CHECK(limiter.locked_for(guessed::shared_secret, "198.51.100.7", false, 1s) == 60s);
  CHECK(limiter.locked_for(guessed::shared_secret, "198.51.100.7", false, 62s) == 0ms);
}

TEST_CASE("security row 3: the addresses of one IPv6 network are one guesser", "[security]") {
  auth_limiter limiter;
  for (int i = 0; i < 10; ++i)
    limiter.on_failure(guessed::shared_secret, "2001:db8:1:2::" + std::to_string(i + 1), false, 1s);
  CHECK(limiter.locked_for(guessed::shared_secret, "2001:db8:1:2:ffff::1", false, 1s) > 0ms);
  CHECK(limiter.locked_for(guessed::shared_secret, "2001:db8:1:3::1", false, 1s) == 0ms);
  CHECK(limiter.locked_for(guessed::shared_secret, "::ffff:10.0.0.1", false, 1s) == 0ms);
}

} // namespace troupe::gateway
