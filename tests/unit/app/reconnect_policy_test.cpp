#include "app/cli/reconnect_policy.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace troupe::cli;
using std::chrono::milliseconds;

TEST_CASE("reconnect policy: pauses grow from the first to the longest, scattered") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    reconnect_policy policy{seed};
    auto full = reconnect_policy::first;
    for (int attempt = 0; attempt < 20; ++attempt) {
      const auto pause = policy.next_pause();
      REQUIRE(pause);
      CHECK(*pause <= full);
      CHECK(*pause >= full * 3 / 4);
      full = std::min(full * 2, reconnect_policy::longest);
    }
  }
}

TEST_CASE("reconnect policy: gives up after its last attempt, and begins anew after a success") {
  reconnect_policy policy{1};
  for (unsigned attempt = 0; attempt < reconnect_policy::attempts_max; ++attempt)
    REQUIRE(policy.next_pause());

  CHECK_FALSE(policy.next_pause());
  policy.succeeded();
  const auto pause = policy.next_pause();
  REQUIRE(pause);
  CHECK(*pause <= reconnect_policy::first);
}

TEST_CASE("reconnect policy: waits as long as the gateway asked") {
  reconnect_policy policy{1};

  CHECK(policy.next_pause(milliseconds{30'000}) == milliseconds{30'000});
}
