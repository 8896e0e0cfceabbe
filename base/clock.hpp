#pragma once

#include <chrono>
#include <cstdint>

namespace troupe {

/// Milliseconds since the Unix epoch, as the protocol and the records write them.
using wall_ms = std::int64_t;

/// Time as a seam: production reads the system, tests advance it by hand.
/// Thread: every member may be called from any thread.
class clock {
public:
  virtual ~clock() = default;
  /// Wall clock. May jump; never used for deadlines.
  virtual wall_ms now_wall_ms() const = 0;
  /// Counts sleep (`CLOCK_BOOTTIME`) and never goes back: leases and deadlines.
  virtual std::chrono::nanoseconds now_boot() const = 0;
};

/// The process's own clock.
const clock& system_clock();

/// Timestamps that never go back on one writer: max(wall clock, previous + 0).
class monotonic_stamp {
public:
  /// The stamp to write now; at least as large as every earlier one of this object.
  wall_ms next(wall_ms now) { return last_ = now > last_ ? now : last_; }
  /// Raises the floor, for example from a loaded row.
  void observe(wall_ms stamp) {
    if (stamp > last_)
      last_ = stamp;
  }

private:
  wall_ms last_ = 0;
};

} // namespace troupe
