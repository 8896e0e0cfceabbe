#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>

namespace troupe::gateway {

/// Slows down guessing of the shared secret, per address. Loopback is delayed, never locked out;
/// others are locked out for a while after too many failures. Source: protocol.md section 2.
///
/// Thread: any. The table is bounded: beyond it the address heard of longest ago is forgotten.
class auth_limiter {
public:
  using time = std::chrono::nanoseconds;

  static constexpr unsigned failures_max = 10;
  static constexpr std::chrono::seconds window{60};
  static constexpr std::chrono::seconds lockout{300};
  static constexpr std::chrono::milliseconds delay_min{250};
  static constexpr std::chrono::milliseconds delay_max{5'000};

  explicit auth_limiter(std::size_t addresses_max = 10'000) : addresses_max_(addresses_max) {}

  /// How long `address` is still locked out; zero: it may try.
  std::chrono::milliseconds locked_for(const std::string& address, time now);
  /// Records a failure: how long its answer is held back.
  std::chrono::milliseconds on_failure(const std::string& address, bool loopback, time now);
  void on_success(const std::string& address);

private:
  struct entry {
    std::deque<time> failures; ///< At most `failures_max`, the oldest first.
    time locked_until{};
    time heard{};
  };
  entry& find_or_make(const std::string& address, time now);

  std::size_t addresses_max_;
  std::mutex guard_;
  std::unordered_map<std::string, entry> addresses_;
};

} // namespace troupe::gateway
