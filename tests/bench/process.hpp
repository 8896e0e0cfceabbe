#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace troupe::bench {

/// A program that was started and is ended with this object.
class process {
public:
  process(const std::vector<std::string>& command,
          const std::map<std::string, std::string>& environment = {});
  ~process();
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  /// Reads its standard output up to a line that contains `text`, at most 30 s; ends the benchmark
  /// with an error when it does not come.
  std::string line_with(const std::string& text);

  pid_t pid() const { return pid_; }
  /// User and system time so far.
  std::chrono::microseconds cpu() const;
  /// A field of /proc/PID/status: "VmRSS", "RssAnon" (without mapped files).
  std::uint64_t memory_kib(const std::string& field) const;
  void terminate();

private:
  pid_t pid_ = -1;
  int out_ = -1;
  std::string buffer_;
};

/// Prints why and exits with 1.
[[noreturn]] void give_up(const std::string& why);

} // namespace troupe::bench
