#pragma once

#include <string>
#include <vector>

namespace troupe::bench {

/// What was measured and what was promised: the table of docs/benchmarks.md.
class report {
public:
  /// Judged wherever it is measured.
  void add(std::string what, std::string target, std::string value, bool met);
  /// Judged only where one sync takes as long as the target supposes.
  void add_synced(std::string what, std::string target, std::string value, bool met);
  /// A figure without a target.
  void add(std::string what, std::string value);
  void set_slow_disk(bool slow) { slow_disk_ = slow; }

  /// Prints the table; false: a target was missed.
  bool print() const;

private:
  enum class verdict { none, met, missed, not_judged };
  struct row {
    std::string what;
    std::string target;
    std::string value;
    verdict judged;
  };
  bool slow_disk_ = false;
  std::vector<row> rows_;
};

} // namespace troupe::bench
