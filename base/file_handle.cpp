#include "base/file_handle.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
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

error file_error(std::string_view what, const std::string& path, int code) {
  const auto kind = code == ENOENT || code == ENOTDIR                  ? errc::not_found
                    : code == ENOSPC || code == EDQUOT                 ? errc::storage_full
                    : code == EACCES || code == EPERM || code == EROFS ? errc::forbidden
                                                                       : errc::storage_failed;
  return {kind, fmt::format("{} {}: {}", what, path, std::generic_category().message(code))};
}

result<void> write_and_sync(const file_handle& file, std::string_view text,
                            const std::string& path) {
  while (!text.empty()) {
    const auto written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return file_error("cannot write", path, errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.get()) != 0)
    return file_error("cannot sync", path, errno);
  return boost::outcome_v2::success();
}

} // namespace troupe
