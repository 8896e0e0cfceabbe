#include "actors/tool/beneath.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace troupe {
namespace {

error refusal(std::string_view path, int number) {
  switch (number) {
  case ENOENT:
  case ENOTDIR:
    return {errc::not_found, fmt::format("{}: no such file or directory in the workspace", path)};
  case EXDEV:
    return {errc::forbidden, fmt::format("{}: outside the workspace", path)};
  case ELOOP:
    return {errc::forbidden, fmt::format("{}: links are not followed", path)};
  case EACCES:
  case EPERM:
    return {errc::forbidden, fmt::format("{}: permission denied", path)};
  default:
    return {errc::unavailable,
            fmt::format("{}: {}", path, std::generic_category().message(number))};
  }
}

/// Absolute paths inside the root become relative to it; everything else stays for openat2 to
/// judge.
std::string_view relative_to(const std::string& root, std::string_view path) {
  if (path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/')) {
    path.remove_prefix(root.size());
    while (path.starts_with('/'))
      path.remove_prefix(1);
  }
  return path.empty() ? std::string_view{"."} : path;
}

} // namespace

result<file_handle> open_beneath(const std::string& root, std::string_view path,
                                 beneath_kind kind) {
  if (path.find('\0') != std::string_view::npos)
    return error{errc::invalid_argument, "the path contains a NUL character"};
  const file_handle top{open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (top.get() < 0)
    return error{errc::not_found, "the workspace does not exist yet"};
  const std::string relative{relative_to(root, path)};
  open_how how{};
  // O_NONBLOCK: a FIFO must not hold the tool's thread.
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  file_handle opened{
      static_cast<int>(syscall(SYS_openat2, top.get(), relative.c_str(), &how, sizeof how))};
  if (opened.get() < 0)
    return refusal(path, errno);
  struct stat facts {};
  if (fstat(opened.get(), &facts) != 0)
    return refusal(path, errno);
  if (kind == beneath_kind::directory && !S_ISDIR(facts.st_mode))
    return error{errc::invalid_argument, fmt::format("{}: not a directory; use read", path)};
  if (kind == beneath_kind::regular_file && S_ISDIR(facts.st_mode))
    return error{errc::invalid_argument, fmt::format("{}: a directory; use ls", path)};
  if (kind == beneath_kind::regular_file && !S_ISREG(facts.st_mode))
    return error{errc::invalid_argument, fmt::format("{}: not a regular file", path)};
  return opened;
}

} // namespace troupe
