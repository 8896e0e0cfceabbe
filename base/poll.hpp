#pragma once

#include <chrono>
#include <functional>

namespace troupe {

/// Looks at `condition` every few milliseconds until it holds (true) or `patience` is over (false).
/// For threads that have nothing else to do, such as `main` during start and stop; never on a
/// scheduler or I/O thread. The one place that sleeps (tests/tidy).
bool poll_until(std::chrono::milliseconds patience, const std::function<bool()>& condition);

} // namespace troupe
