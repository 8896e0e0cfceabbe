#pragma once

#include "base/random.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace troupe::cli {

/// When to try again after the connection broke: soon at first, because a gateway that was
/// restarted is back within a moment, then ever more slowly, scattered so that many clients do not
/// come at once. Pure.
class reconnect_policy {
public:
  static constexpr std::chrono::milliseconds first{100};
  static constexpr std::chrono::milliseconds longest{5'000};
  static constexpr unsigned attempts_max = 120; ///< Without a success between; about ten minutes.

  explicit reconnect_policy(std::uint64_t seed) : random_(seed) {}

  /// The pause before the next attempt, at least `asked` (what the gateway wanted), at most
  /// `longest` unless it asked for more; nothing when it is time to give up.
  std::optional<std::chrono::milliseconds> next_pause(std::chrono::milliseconds asked = {});
  /// The connection was good again.
  void succeeded() { attempts_ = 0; }

private:
  random_generator random_;
  unsigned attempts_ = 0;
};

} // namespace troupe::cli
