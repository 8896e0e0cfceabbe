#include "app/cli/reconnect_policy.hpp"

#include <algorithm>

namespace troupe::cli {

std::optional<std::chrono::milliseconds>
reconnect_policy::next_pause(std::chrono::milliseconds asked) {
  if (attempts_ >= attempts_max)
    return std::nullopt;
  const auto doublings = std::min(attempts_++, 10u);
  const auto pause = std::min(first * (1 << doublings), longest);
  // Between three quarters and all of it.
  const auto quarter = static_cast<std::uint64_t>(pause.count()) / 4;
  const auto scattered = pause - std::chrono::milliseconds{random_.below(quarter + 1)};
  return std::max(scattered, asked);
}

} // namespace troupe::cli
