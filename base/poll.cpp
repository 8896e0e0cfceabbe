#include "base/poll.hpp"

#include <thread>

namespace troupe {

bool poll_until(std::chrono::milliseconds patience, const std::function<bool()>& condition) {
  constexpr std::chrono::milliseconds interval{2};
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline)
      return false;
    std::this_thread::sleep_for(interval);
  }
  return true;
}

} // namespace troupe
