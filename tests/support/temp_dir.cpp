#include "tests/support/temp_dir.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace troupe::test {

temp_dir::temp_dir(on where) {
  constexpr const char* memory = "/dev/shm";
  const auto parent = where == on::memory && std::filesystem::is_directory(memory)
                          ? std::filesystem::path{memory}
                          : std::filesystem::temp_directory_path();
  auto pattern = (parent / "troupe-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    std::perror("mkdtemp");
    std::abort();
  }
  path_ = pattern;
}

temp_dir::~temp_dir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

} // namespace troupe::test
