#pragma once

#include <string>

namespace troupe::test {

/// A fresh directory below the system's temporary one, removed with its content at the end.
class temp_dir {
public:
  /// `memory`: on /dev/shm where there is one, for tests that sync thousands of times and emulate
  /// what a disk would lose.
  enum class on { disk, memory };
  explicit temp_dir(on where = on::disk);
  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;
  ~temp_dir();

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

private:
  std::string path_;
};

} // namespace troupe::test
