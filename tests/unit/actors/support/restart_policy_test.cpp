#include "actors/support/restart_policy.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {

using namespace std::chrono_literals;

constexpr restart_limits limits{
    .restarts_max = 3, .window = 10'000ms, .delay_min = 100ms, .delay_max = 250ms};

TEST_CASE("restart policy: the pause doubles up to its bound, with jitter in its upper half") {
  restart_policy policy{limits};
  random_generator random{1};
  const auto first = policy.on_failure(0ns, random);
  const auto second = policy.on_failure(1ms, random);
  const auto third = policy.on_failure(2ms, random);

  REQUIRE((first && second && third));
  CHECK((*first >= 50ms && *first <= 100ms));
  CHECK((*second >= 100ms && *second <= 200ms));
  CHECK((*third >= 125ms && *third <= 250ms));
}

TEST_CASE("restart policy: one failure more than the window allows escalates") {
  restart_policy policy{limits};
  random_generator random{1};
  for (unsigned i = 0; i < limits.restarts_max; ++i)
    CHECK(policy.on_failure(1s * i, random));
  CHECK_FALSE(policy.on_failure(3s, random));
}

TEST_CASE("restart policy: failures that left the window are forgotten") {
  restart_policy policy{limits};
  random_generator random{1};
  for (int i = 0; i < 20; ++i)
    CHECK(policy.on_failure(6s * i, random));
}

} // namespace troupe::test
