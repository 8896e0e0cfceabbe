#include "base/clock.hpp"

#include <ctime>

namespace troupe {
namespace {

class process_clock final : public clock {
public:
  wall_ms now_wall_ms() const override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  std::chrono::nanoseconds now_boot() const override {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
  }
};

} // namespace

const clock& system_clock() {
  static const process_clock instance;
  return instance;
}

} // namespace troupe
