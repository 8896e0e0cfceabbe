#include "actors/gateway/auth_limiter.hpp"

#include "actors/gateway/address.hpp"

#include <algorithm>

namespace troupe::gateway {

using std::chrono::milliseconds;

namespace {

std::string name_of(guessed what, std::string_view ip) {
  return (what == guessed::shared_secret ? "s " : "d ") + party_of(ip);
}

/// Rounded up, so that a client that waits exactly this long may try.
milliseconds until(auth_limiter::time then, auth_limiter::time now) {
  return then <= now ? milliseconds{0} : std::chrono::ceil<milliseconds>(then - now);
}

} // namespace

auth_limiter::party& auth_limiter::find_or_make(std::string name) {
  if (const auto found = by_name_.find(name); found != by_name_.end()) {
    parties_.splice(parties_.begin(), parties_, found->second);
    return parties_.front();
  }
  if (parties_.size() >= parties_max_) {
    by_name_.erase(parties_.back().name);
    parties_.pop_back();
  }
  parties_.push_front({std::move(name), {}, {}, {}});
  by_name_.emplace(parties_.front().name, parties_.begin());
  return parties_.front();
}

void auth_limiter::forget_old(time now) {
  while (!failures_of_all_.empty() && now - failures_of_all_.front() > limits_.window)
    failures_of_all_.pop_front();
}

milliseconds auth_limiter::locked_for(guessed what, std::string_view ip, bool local, time now) {
  if (!locks(local))
    return milliseconds{0};
  const std::scoped_lock lock{guard_};
  const auto found = by_name_.find(name_of(what, ip));
  if (found != by_name_.end()) {
    if (found->second->locked_until > now)
      return until(found->second->locked_until, now);
    if (found->second->proven_until > now)
      return milliseconds{0};
  }
  forget_old(now);
  if (failures_of_all_.size() < failures_of_all_max)
    return milliseconds{0};
  return until(failures_of_all_.front() + limits_.window, now);
}

milliseconds auth_limiter::on_failure(guessed what, std::string_view ip, bool local, time now) {
  const std::scoped_lock lock{guard_};
  auto& known = find_or_make(name_of(what, ip));
  while (!known.failures.empty() && now - known.failures.front() > limits_.window)
    known.failures.pop_front();
  known.failures.push_back(now);
  if (locks(local)) {
    forget_old(now);
    if (failures_of_all_.size() >= failures_of_all_max)
      failures_of_all_.pop_front();
    failures_of_all_.push_back(now);
    if (known.failures.size() >= limits_.attempts_max) {
      known.locked_until = now + limits_.lockout;
      known.failures.clear();
    }
    return milliseconds{0};
  }
  if (known.failures.size() > limits_.attempts_max)
    known.failures.pop_front();
  const auto doublings = std::min<std::size_t>(known.failures.size() - 1, 8);
  return std::min(delay_min * (1 << doublings), delay_max);
}

void auth_limiter::on_success(guessed what, std::string_view ip, time now) {
  const std::scoped_lock lock{guard_};
  auto& known = find_or_make(name_of(what, ip));
  known.failures.clear();
  known.locked_until = {};
  known.proven_until = now + proven_for;
}

} // namespace troupe::gateway
