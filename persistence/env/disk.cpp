#include "persistence/env/disk.hpp"

#include "base/file_handle.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

namespace troupe {
namespace {

error disk_error(int code, const std::string& what) {
  const auto full = code == ENOSPC || code == EDQUOT;
  return {full ? errc::storage_full : errc::storage_failed,
          what + ": " + std::generic_category().message(code)};
}

class real_disk final : public disk {
public:
  result<disk_space> space(const std::string& directory) const override {
    struct statvfs facts {};
    if (::statvfs(directory.c_str(), &facts) != 0)
      return disk_error(errno, "statvfs " + directory);
    // What is reserved for root counts as neither used nor usable, as df does it.
    const auto usable = facts.f_blocks - (facts.f_bfree - facts.f_bavail);
    return disk_space{std::uint64_t{usable} * facts.f_frsize,
                      std::uint64_t{facts.f_bavail} * facts.f_frsize};
  }

  bool has_room(const std::string& directory, std::size_t bytes) const override {
    const auto path = directory + "/room.tmp";
    const file_handle file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    if (file.get() < 0)
      return errno != ENOSPC && errno != EDQUOT;
    const bool room = fill(file.get(), bytes);
    ::unlink(path.c_str());
    return room;
  }

private:
  static bool fill(int file, std::size_t bytes) {
    std::array<char, 64u << 10> block{};
    block.fill('r'); // zeros might be stored as a hole
    for (std::size_t at = 0; at < bytes;) {
      const auto want = std::min(block.size(), bytes - at);
      const auto done = ::pwrite(file, block.data(), want, static_cast<off_t>(at));
      if (done < 0 && errno == EINTR)
        continue;
      if (done < 0)
        return errno != ENOSPC && errno != EDQUOT;
      if (done == 0)
        return false;
      at += static_cast<std::size_t>(done);
    }
    return true;
  }
};

std::string holder_of(int lock) {
  std::array<char, 32> text{};
  const auto size = ::pread(lock, text.data(), text.size(), 0);
  std::string pid;
  for (ssize_t i = 0; i < size && text[static_cast<std::size_t>(i)] >= '0' &&
                      text[static_cast<std::size_t>(i)] <= '9';
       ++i)
    pid += text[static_cast<std::size_t>(i)];
  return pid.empty() ? "another process" : "process " + pid;
}

} // namespace

const disk& system_disk() {
  static const real_disk instance;
  return instance;
}

result<void> sync_directory(const std::string& directory) {
  const file_handle opened{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (opened.get() < 0)
    return disk_error(errno, "open " + directory);
  if (::fsync(opened.get()) != 0)
    return error{errc::storage_failed,
                 "fsync " + directory + ": " + std::generic_category().message(errno)};
  return boost::outcome_v2::success();
}

result<void> make_directory(const std::string& directory) {
  if (::mkdir(directory.c_str(), 0700) == 0) {
    const auto slash = directory.find_last_of('/', directory.size() - 2);
    return sync_directory(slash == std::string::npos ? "." : directory.substr(0, slash + 1));
  }
  if (errno != EEXIST)
    return disk_error(errno, "create " + directory);
  return boost::outcome_v2::success();
}

result<void> remove_path(const std::string& path) {
  if (std::remove(path.c_str()) != 0 && errno != ENOENT)
    return disk_error(errno, "remove " + path);
  return boost::outcome_v2::success();
}

result<void> move_path(const std::string& from, const std::string& to,
                       const std::string& directory) {
  if (::rename(from.c_str(), to.c_str()) != 0)
    return disk_error(errno, "rename " + from + " to " + to);
  return sync_directory(directory);
}

result<directory_lock> directory_lock::take(const std::string& directory) {
  const auto path = directory + "/lock";
  file_handle file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  if (file.get() < 0)
    return disk_error(errno, "open " + path);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK)
      return disk_error(errno, "lock " + path);
    return error{errc::unavailable, "the store " + directory + " is in use by " +
                                        holder_of(file.get()) +
                                        ": stop it or choose another state directory"};
  }
  // The text is for people; the lock itself is what counts, so a full disk does not matter here.
  const auto pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file.get(), 0) == 0)
    (void)!::pwrite(file.get(), pid.data(), pid.size(), 0);
  return directory_lock{file.release()};
}

directory_lock::directory_lock(directory_lock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

directory_lock::~directory_lock() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

} // namespace troupe
