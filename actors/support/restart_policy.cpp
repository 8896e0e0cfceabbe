#include "actors/support/restart_policy.hpp"

#include <algorithm>
#include <cstdint>

namespace troupe {

std::optional<std::chrono::milliseconds> restart_policy::on_failure(std::chrono::nanoseconds now,
                                                                    random_generator& random) {
  while (!failures_.empty() && now - failures_.front() > limits_.window)
    failures_.pop_front();
  if (failures_.size() >= limits_.restarts_max)
    return std::nullopt;
  const auto doublings = std::min<std::size_t>(failures_.size(), 16);
  failures_.push_back(now);
  const auto full = std::min(limits_.delay_min * (1 << doublings), limits_.delay_max);
  // Between half and the whole, so that siblings that fail together don't return together.
  const auto half = full / 2;
  return half + std::chrono::milliseconds{
                    random.below(static_cast<std::uint64_t>((full - half).count()) + 1)};
}

} // namespace troupe
