#pragma once

#include "actors/model/types.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"

#include <chrono>
#include <optional>
#include <string_view>
#include <variant>

namespace troupe::model {

/// Source of the numbers: OpenClaw's survey, features section 5 "Retries".
struct retry_limits {
  unsigned retries_max = 8;
  std::chrono::milliseconds delay_min{1'000};
  std::chrono::milliseconds delay_max{30'000};
  /// A retry of anything but a rate limit starts at most this long after the first failure.
  std::chrono::milliseconds outage_window{90'000};
  /// A provider that asks for more than this is answered by giving up, not by a silent hour.
  std::chrono::milliseconds retry_after_max{120'000};
  /// The drawn delay is the planned one plus or minus this part of it.
  double jitter = 0.2;
};

/// Call again after `delay`; this will be retry number `attempt`, 1 … retries_max.
struct retry_later {
  std::chrono::milliseconds delay{0};
  unsigned attempt = 0;
};
/// The failure stands. `why` is for the log.
struct give_up {
  std::string_view why;
};
using retry_decision = std::variant<retry_later, give_up>;

/// Decides whether one model call is made again: HTTP 408, 409, 429, 5xx, lost connections and
/// streams that break off are, whatever was already streamed; the step simply runs again.
/// One object per model call (that is, per step), in memory only: a takeover starts afresh.
/// Pure: the caller brings time and randomness.
class retry_policy {
public:
  explicit retry_policy(const retry_limits& limits = {}) : limits_(limits) {}

  /// `now`: any clock that never goes back. A wished `retry_after` is a floor under the backoff.
  retry_decision on_failure(const model_failure& failure, std::chrono::nanoseconds now,
                            random_generator& random);
  /// Retries decided on so far.
  unsigned attempts() const { return attempts_; }
  unsigned retries_max() const { return limits_.retries_max; }

private:
  std::chrono::milliseconds draw_delay(random_generator& random) const;

  retry_limits limits_;
  unsigned attempts_ = 0;
  std::optional<std::chrono::nanoseconds> first_failure_;
};

/// A `Retry-After` value: seconds (a fraction is rounded up) or an HTTP date. Empty when it is
/// neither; a date in the past is zero. Source: RFC 9110, sections 10.2.3 and 5.6.7 (IMF-fixdate).
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value, wall_ms now);

} // namespace troupe::model
