#include "actors/gateway/auth_limiter.hpp"

#include <algorithm>

namespace troupe::gateway {

using std::chrono::milliseconds;

milliseconds auth_limiter::locked_for(const std::string& address, time now) {
  const std::scoped_lock lock{guard_};
  const auto found = addresses_.find(address);
  if (found == addresses_.end() || found->second.locked_until <= now)
    return milliseconds{0};
  // Rounded up, so that a client that waits exactly this long may try.
  return std::chrono::ceil<milliseconds>(found->second.locked_until - now);
}

auth_limiter::entry& auth_limiter::find_or_make(const std::string& address, time now) {
  if (addresses_.size() >= addresses_max_ && !addresses_.contains(address)) {
    const auto oldest = std::ranges::min_element(
        addresses_, {}, [](const auto& known) { return known.second.heard; });
    addresses_.erase(oldest);
  }
  auto& known = addresses_[address];
  known.heard = now;
  return known;
}

milliseconds auth_limiter::on_failure(const std::string& address, bool loopback, time now) {
  const std::scoped_lock lock{guard_};
  auto& known = find_or_make(address, now);
  while (!known.failures.empty() && now - known.failures.front() > window)
    known.failures.pop_front();
  known.failures.push_back(now);
  if (!loopback) {
    if (known.failures.size() >= failures_max) {
      known.locked_until = now + lockout;
      known.failures.clear();
    }
    return milliseconds{0};
  }
  if (known.failures.size() > failures_max)
    known.failures.pop_front();
  const auto doublings = std::min<std::size_t>(known.failures.size() - 1, 8);
  return std::min(delay_min * (1 << doublings), delay_max);
}

void auth_limiter::on_success(const std::string& address) {
  const std::scoped_lock lock{guard_};
  addresses_.erase(address);
}

} // namespace troupe::gateway
