#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace troupe {

/// Owns a file descriptor and closes it at the end of its scope. Moves, never copies.
class file_handle {
public:
  file_handle() = default;
  /// Takes what `open` returned, also a failure (negative).
  explicit file_handle(int fd) : fd_(fd) {}
  file_handle(file_handle&& other) noexcept : fd_(other.release()) {}
  file_handle& operator=(file_handle&& other) noexcept;
  ~file_handle();

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  /// Gives the descriptor away.
  int release();

private:
  int fd_ = -1;
};

/// What a failed call on a file means: "cannot write /a/b: No space left on device", with the code
/// `not_found`, `forbidden`, `storage_full` or `storage_failed`. `code`: errno.
error file_error(std::string_view what, const std::string& path, int code);

/// Writes all of `text` and syncs. Blocks. `path` is for the error.
result<void> write_and_sync(const file_handle& file, std::string_view text,
                            const std::string& path);

} // namespace troupe
