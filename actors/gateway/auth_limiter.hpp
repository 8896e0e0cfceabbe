#pragma once

#include "config/settings.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace troupe::gateway {

/// What is guessed. Each has its own count, so that somebody who guesses tokens of devices does not
/// lock a neighbour out who has the shared secret.
enum class guessed { shared_secret, device_token };

/// Slows down guessing, per party (an address; of IPv6 a /64) and over all. This machine itself is
/// delayed, not locked out, unless the config says otherwise. When all together fail too often,
/// only parties that proved themselves before may go on trying. Source: protocol.md section 2.
///
/// Thread: any. The table is bounded: beyond it the party heard of longest ago is forgotten.
class auth_limiter {
public:
  using time = std::chrono::nanoseconds;

  static constexpr std::chrono::milliseconds delay_min{250};
  static constexpr std::chrono::milliseconds delay_max{5'000};
  /// Failures of all parties within one window, beyond which strangers wait.
  static constexpr std::size_t failures_of_all_max = 1'000;
  /// How long a party is no stranger after it proved itself.
  static constexpr std::chrono::hours proven_for{24};

  explicit auth_limiter(const config::auth_rate_limit& limits = {},
                        std::size_t parties_max = 10'000)
      : limits_(limits), parties_max_(parties_max) {}

  /// How long the party at `ip` must still wait; zero: it may try.
  std::chrono::milliseconds locked_for(guessed what, std::string_view ip, bool local, time now);
  /// Records a failure: how long its answer is held back.
  std::chrono::milliseconds on_failure(guessed what, std::string_view ip, bool local, time now);
  void on_success(guessed what, std::string_view ip, time now);

private:
  struct party {
    std::string name;
    std::deque<time> failures; ///< At most `attempts_max`, the oldest first.
    time locked_until{};
    time proven_until{};
  };
  party& find_or_make(std::string name);
  void forget_old(time now);
  bool locks(bool local) const { return !local || !limits_.exempt_loopback; }

  const config::auth_rate_limit limits_;
  const std::size_t parties_max_;
  std::mutex guard_;
  // Guarded by `guard_`.
  std::list<party> parties_; ///< The one heard of last first.
  std::unordered_map<std::string_view, std::list<party>::iterator> by_name_;
  std::deque<time> failures_of_all_; ///< At most `failures_of_all_max`, the oldest first.
};

} // namespace troupe::gateway
