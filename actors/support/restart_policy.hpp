#pragma once

#include "base/random.hpp"

#include <chrono>
#include <deque>
#include <optional>

namespace troupe {

/// How often a supervisor starts a failed child again before it gives up.
struct restart_limits {
  unsigned restarts_max = 5; ///< Within `window`; one more escalates.
  std::chrono::milliseconds window{60'000};
  std::chrono::milliseconds delay_min{20};
  std::chrono::milliseconds delay_max{5'000};
};

/// One-for-one restart decisions of one child: exponential backoff with jitter inside a sliding
/// window. Pure.
class restart_policy {
public:
  explicit restart_policy(restart_limits limits) : limits_(limits) {}

  /// The child failed at `now`: the pause before its next start, or nullopt to escalate.
  std::optional<std::chrono::milliseconds> on_failure(std::chrono::nanoseconds now,
                                                      random_generator& random);

private:
  restart_limits limits_;
  std::deque<std::chrono::nanoseconds> failures_;
};

} // namespace troupe
