#include "config/token_file.hpp"

#include "base/file_handle.hpp"
#include "base/random.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

namespace troupe::config {
namespace {

constexpr std::size_t token_bytes = 32;
constexpr std::size_t token_chars_min = 16;
constexpr std::size_t token_file_bytes_max = 1024;

bool is_token(std::string_view text) {
  return text.size() >= token_chars_min &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

/// The stored token; nothing when there is no file.
result<std::optional<secret>> load(const std::string& path) {
  const file_handle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.valid()) {
    if (errno == ENOENT)
      return std::optional<secret>();
    if (errno == ELOOP)
      return error{errc::forbidden, path + " is a link; the token must be a file of its own"};
    return file_error("cannot open", path, errno);
  }
  struct stat about {};
  if (::fstat(file.get(), &about) != 0)
    return file_error("cannot look at", path, errno);
  if (!S_ISREG(about.st_mode) || about.st_uid != ::geteuid())
    return error{errc::forbidden, path + " is not a file of this user"};
  if ((about.st_mode & 077) != 0)
    return error{errc::forbidden,
                 fmt::format("{0} can be read by others, so its token is no secret any more; "
                             "remove it for a new one, or: chmod 600 {0}",
                             path)};
  char buffer[token_file_bytes_max];
  const auto got = ::read(file.get(), buffer, sizeof buffer);
  if (got < 0)
    return file_error("cannot read", path, errno);
  std::string_view text(buffer, static_cast<std::size_t>(got));
  while (text.ends_with('\n') || text.ends_with('\r'))
    text.remove_suffix(1);
  if (!is_token(text))
    return error{errc::corrupt, path + " holds no token; remove it for a new one"};
  return std::optional<secret>(secret(std::string(text)));
}

result<void> sync_directory(const std::string& path) {
  const file_handle directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid() || ::fsync(directory.get()) != 0)
    return file_error("cannot sync", path, errno);
  return boost::outcome_v2::success();
}

/// Puts a whole file in place, unless another process was first: then false.
result<bool> store(const std::string& state_dir, const std::string& path, const secret& token) {
  const auto temporary = path + ".tmp-" + random_hex(8);
  {
    const file_handle file(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.valid())
      return file_error("cannot create", temporary, errno);
    if (auto written = write_and_sync(file, token.reveal() + "\n", temporary); !written) {
      ::unlink(temporary.c_str());
      return written.error();
    }
  }
  // A rename that replaces nothing: of two processes that start at once, one wins.
  const bool placed =
      ::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0;
  const int code = errno;
  if (!placed)
    ::unlink(temporary.c_str());
  if (!placed && code == EEXIST)
    return false;
  if (!placed)
    return file_error("cannot rename to", path, code);
  TR_TRY(sync_directory(state_dir));
  return true;
}

result<void> make_directory(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code failed;
  if (fs::is_directory(path, failed))
    return boost::outcome_v2::success();
  fs::create_directories(fs::path(path).parent_path(), failed);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return file_error("cannot create", path, errno);
  return sync_directory(fs::path(path).parent_path().string());
}

} // namespace

result<secret> load_or_create_gateway_token(const std::string& state_dir, bool& created) {
  created = false;
  const auto path = state_dir + "/gateway-token";
  TR_TRY(auto present, load(path));
  if (present)
    return std::move(*present);
  TR_TRY(make_directory(state_dir));
  secret token(random_hex(token_bytes));
  TR_TRY(const bool stored, store(state_dir, path, token));
  if (stored) {
    created = true;
    return token;
  }
  TR_TRY(auto theirs, load(path));
  if (theirs)
    return std::move(*theirs);
  return error{errc::unavailable, path + " was removed while it was read; start again"};
}

} // namespace troupe::config
