#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace troupe {

/// A file descriptor that closes itself.
class file_handle {
public:
  file_handle() = default;
  explicit file_handle(int fd) : fd_(fd) {}
  file_handle(file_handle&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  file_handle& operator=(file_handle&& other) noexcept;
  ~file_handle();
  int get() const { return fd_; }
  /// Gives the descriptor away.
  int release();

private:
  int fd_ = -1;
};

enum class beneath_kind { regular_file, directory };

/// Opens `path` for reading below `root` with `openat2(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
/// RESOLVE_NO_MAGICLINKS)`: nothing outside is reached, whatever is swapped meanwhile. `path` is
/// relative, or absolute inside `root`. Blocks on the disk only: FIFOs and devices are refused
/// without opening them for reading.
/// Errors: `not_found`, `forbidden` (outside, a link, no permission), `invalid_argument` (not of
/// `kind`), all with a text that a model can act on.
result<file_handle> open_beneath(const std::string& root, std::string_view path, beneath_kind kind);

} // namespace troupe
