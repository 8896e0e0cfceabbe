#pragma once

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

} // namespace troupe
