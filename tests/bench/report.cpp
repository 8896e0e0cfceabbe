#include "tests/bench/report.hpp"

#include <algorithm>
#include <cstdio>

namespace troupe::bench {

void report::add(std::string what, std::string target, std::string value, bool met) {
  rows_.push_back(
      {std::move(what), std::move(target), std::move(value), met ? verdict::met : verdict::missed});
}

void report::add_synced(std::string what, std::string target, std::string value, bool met) {
  add(std::move(what), std::move(target) + " where a sync takes <= 2 ms", std::move(value), met);
  if (!met && slow_disk_)
    rows_.back().judged = verdict::not_judged;
}

void report::add(std::string what, std::string value) {
  rows_.push_back({std::move(what), "-", std::move(value), verdict::none});
}

bool report::print() const {
  std::printf("| figure | target | measured |  |\n|---|---|---|---|\n");
  for (const auto& each : rows_)
    std::printf("| %s | %s | %s | %s |\n", each.what.c_str(), each.target.c_str(),
                each.value.c_str(),
                each.judged == verdict::missed       ? "MISSED"
                : each.judged == verdict::not_judged ? "not judged"
                                                     : "");
  return std::ranges::none_of(rows_,
                              [](const row& each) { return each.judged == verdict::missed; });
}

} // namespace troupe::bench
