#include "actors/model/retry_policy.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {
namespace {

using namespace model;
using std::chrono::milliseconds;
using std::chrono::seconds;

model_failure failing(failure_kind kind, std::optional<milliseconds> retry_after = {}) {
  model_failure out;
  out.kind = kind;
  out.retryable = true;
  out.retry_after = retry_after;
  return out;
}

/// One model call that fails again and again; each try itself takes no time.
struct retry_world {
  retry_policy policy;
  random_generator random{7};
  std::chrono::nanoseconds now{0};

  /// The delay of the next retry, after which time has advanced; empty: given up.
  std::optional<milliseconds> fail(const model_failure& failure) {
    const auto decision = policy.on_failure(failure, now, random);
    if (const auto* later = std::get_if<retry_later>(&decision)) {
      CHECK(later->attempt == policy.attempts());
      now += later->delay;
      return later->delay;
    }
    return {};
  }
};

} // namespace

TEST_CASE("retry: a final failure is not retried", "[model]") {
  retry_world world;
  CHECK_FALSE(world.fail(model_failure{}));
  CHECK(world.policy.attempts() == 0);
}

TEST_CASE("retry: delays double from one second to thirty, with jitter, eight times", "[model]") {
  retry_world world;
  const auto failure = failing(failure_kind::rate_limit);

  for (const int planned_s : {1, 2, 4, 8, 16, 30, 30, 30}) {
    const auto delay = world.fail(failure);
    REQUIRE(delay);
    CHECK(*delay >= milliseconds{planned_s * 800});
    CHECK(*delay <= milliseconds{planned_s * 1200});
  }

  CHECK_FALSE(world.fail(failure));
}

TEST_CASE("retry: the same seed draws the same delays, another seed others", "[model]") {
  retry_world one;
  retry_world same;
  retry_world other;
  other.random = random_generator{8};
  const auto failure = failing(failure_kind::server);

  const auto delay = one.fail(failure);
  CHECK(same.fail(failure) == delay);
  CHECK(other.fail(failure) != delay);
}

TEST_CASE("retry: Retry-After is a floor, not a ceiling", "[model]") {
  retry_world world;
  CHECK(world.fail(failing(failure_kind::rate_limit, seconds{20})) == seconds{20});
  CHECK(world.fail(failing(failure_kind::rate_limit, milliseconds{0})) >= milliseconds{1'600});
}

TEST_CASE("retry: a wish beyond our patience is given up on at once", "[model]") {
  retry_world world;
  CHECK(world.fail(failing(failure_kind::rate_limit, seconds{120})));
  CHECK_FALSE(world.fail(failing(failure_kind::rate_limit, seconds{121})));
}

TEST_CASE("retry: an outage is given up on after ninety seconds", "[model]") {
  retry_world world;
  const auto failure = failing(failure_kind::server);

  unsigned retries = 0;
  while (world.fail(failure))
    ++retries;

  CHECK(world.now <= seconds{90});
  CHECK(retries >= 5);
  CHECK(retries < 8);
}

TEST_CASE("retry: a slow failure is still retried once", "[model]") {
  retry_world world;
  world.now = seconds{1'000};
  CHECK(world.fail(failing(failure_kind::timeout)));
  world.now += seconds{120};
  CHECK_FALSE(world.fail(failing(failure_kind::timeout)));
}

TEST_CASE("retry-after: seconds", "[model]") {
  CHECK(parse_retry_after("0", 0) == milliseconds{0});
  CHECK(parse_retry_after("120", 0) == seconds{120});
  CHECK(parse_retry_after("1.0005", 0) == milliseconds{1'001});
  CHECK(parse_retry_after("1e300", 0) == std::chrono::hours{24 * 365});
}

TEST_CASE("retry-after: an HTTP date, also a past one", "[model]") {
  constexpr wall_ms date = 784'111'777'000;
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", date - 1'500) == milliseconds{1'500});
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", date + 1) == milliseconds{0});
}

TEST_CASE("retry-after: nonsense is no wish", "[model]") {
  for (const char* text : {"", "soon", "-1", "nan", "3 seconds", "Sun, 06 Nov 1994 08:49:37",
                           "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 24:49:37 GMT"})
    CHECK_FALSE(parse_retry_after(text, 0));
}

} // namespace troupe::test
