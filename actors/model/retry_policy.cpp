#include "actors/model/retry_policy.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace troupe::model {
namespace {

using std::chrono::milliseconds;

// Longer wishes are all the same to us, and this one keeps sums in range.
constexpr milliseconds retry_after_ceiling = std::chrono::hours{24 * 365};

template <class Number>
bool read(std::string_view text, Number& out) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  return failed == std::errc{} && end == text.data() + text.size();
}

std::optional<unsigned> month_number(std::string_view name) {
  static constexpr std::array<std::string_view, 12> names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto* found = std::find(names.begin(), names.end(), name);
  if (found == names.end())
    return {};
  return static_cast<unsigned>(found - names.begin()) + 1;
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<wall_ms> parse_http_date(std::string_view text) {
  constexpr std::size_t date_bytes = 29;
  if (text.size() != date_bytes || text.substr(3, 2) != ", " || text.substr(25) != " GMT")
    return {};
  unsigned day = 0;
  int year = 0;
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  const auto month = month_number(text.substr(8, 3));
  if (!month || !read(text.substr(5, 2), day) || !read(text.substr(12, 4), year) ||
      !read(text.substr(17, 2), hour) || !read(text.substr(20, 2), minute) ||
      !read(text.substr(23, 2), second) || hour > 23 || minute > 59 || second > 60)
    return {};
  const auto date = std::chrono::year{year} / static_cast<int>(*month) / static_cast<int>(day);
  if (!date.ok())
    return {};
  const auto moment = std::chrono::sys_days{date} + std::chrono::hours{hour} +
                      std::chrono::minutes{minute} + std::chrono::seconds{second};
  return std::chrono::duration_cast<milliseconds>(moment.time_since_epoch()).count();
}

} // namespace

std::optional<milliseconds> parse_retry_after(std::string_view value, wall_ms now) {
  double seconds = 0;
  if (read(value, seconds)) {
    if (!(seconds >= 0)) // Also refuses "nan".
      return {};
    const double ms = std::ceil(seconds * 1000);
    return ms >= static_cast<double>(retry_after_ceiling.count())
               ? retry_after_ceiling
               : milliseconds{static_cast<milliseconds::rep>(ms)};
  }
  const auto date = parse_http_date(value);
  if (!date)
    return {};
  return std::clamp(milliseconds{*date - now}, milliseconds{0}, retry_after_ceiling);
}

milliseconds retry_policy::draw_delay(random_generator& random) const {
  auto planned = limits_.delay_min;
  for (unsigned i = 0; i < attempts_ && planned < limits_.delay_max; ++i)
    planned *= 2;
  planned = std::min(planned, limits_.delay_max);
  const double factor = 1 + limits_.jitter * (2 * random.unit() - 1);
  return milliseconds{
      static_cast<milliseconds::rep>(static_cast<double>(planned.count()) * factor)};
}

retry_decision retry_policy::on_failure(const model_failure& failure, std::chrono::nanoseconds now,
                                        random_generator& random) {
  if (!failure.retryable)
    return give_up{"the failure is final"};
  if (attempts_ >= limits_.retries_max)
    return give_up{"all retries are used up"};
  const auto floor = failure.retry_after.value_or(milliseconds{0});
  if (floor > limits_.retry_after_max)
    return give_up{"the provider asks for a longer pause than we wait"};
  const auto first = first_failure_.value_or(now);
  first_failure_ = first;
  const auto delay = std::max(draw_delay(random), floor);
  // A rate limit is an answer, not an outage: it says itself when to come back.
  if (failure.kind != failure_kind::rate_limit && now + delay - first > limits_.outage_window)
    return give_up{"the outage lasts too long"};
  return retry_later{delay, ++attempts_};
}

} // namespace troupe::model
