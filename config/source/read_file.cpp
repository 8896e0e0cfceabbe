#include "config/source/read_file.hpp"

#include "base/file_handle.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace troupe::config {

result<std::string> read_open_file(int descriptor, const std::string& path, std::size_t bytes_max) {
  struct stat about {};
  if (::fstat(descriptor, &about) != 0)
    return file_error("cannot look at", path, errno);
  if (!S_ISREG(about.st_mode))
    return error{errc::invalid_argument, path + ": is not a regular file"};
  std::string text;
  char buffer[16'384];
  while (true) {
    const auto got = ::read(descriptor, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return file_error("cannot read", path, errno);
    if (got == 0)
      return text;
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > bytes_max)
      return error{errc::invalid_argument,
                   fmt::format("{}: is larger than {} bytes", path, bytes_max)};
  }
}

result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  // Non-blocking, so that a FIFO in the place of the file is refused instead of waited for.
  const file_handle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid())
    return file_error("cannot open", path, errno);
  return read_open_file(file.get(), path, bytes_max);
}

} // namespace troupe::config
