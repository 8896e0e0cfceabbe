#include "base/file_handle.hpp"

#include <unistd.h>

#include <utility>

namespace troupe {

file_handle& file_handle::operator=(file_handle&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

file_handle::~file_handle() {
  if (fd_ >= 0)
    ::close(fd_);
}

int file_handle::release() {
  return std::exchange(fd_, -1);
}

} // namespace troupe
