#pragma once

#include "base/clock.hpp"

namespace troupe::test {

/// Moved by hand.
class manual_clock final : public clock {
public:
  wall_ms now_wall_ms() const override { return wall; }
  std::chrono::nanoseconds now_boot() const override { return boot; }
  void advance(std::chrono::milliseconds by) {
    wall += by.count();
    boot += by;
  }
  wall_ms wall = 1'700'000'000'000;
  std::chrono::nanoseconds boot = std::chrono::hours{1};
};

} // namespace troupe::test
