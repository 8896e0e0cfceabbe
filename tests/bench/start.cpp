#include "tests/bench/scenarios.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::bench {
namespace {

constexpr int starts = 7;

} // namespace

void measure_start(world& in, report& out) {
  in.start(); // First boot makes the store; the usual start finds it.
  in.stop();
  std::vector<double> times;
  for (int i = 0; i < starts; ++i) {
    const auto begun = steady::now();
    in.start();
    times.push_back(milliseconds(steady::now() - begun));
    in.stop();
  }
  std::ranges::sort(times);
  const auto median = percentile(times, 50);
  out.add(fmt::format("ready after exec, median of {}", starts), "<= 100 ms",
          fmt::format("{:.0f} ms", median), median <= 100);
}

} // namespace troupe::bench
