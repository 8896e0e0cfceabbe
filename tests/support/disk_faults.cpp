#include "tests/support/disk_faults.hpp"

#include "base/poll.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::test {
namespace {

using file_id = std::pair<dev_t, ino_t>;

/// What is armed. One lock for all: tests only.
struct watch {
  std::string directory;
  std::array<unsigned, std::size(all_disk_calls)> counts{};
  std::array<unsigned, std::size(all_disk_calls)> until_failure{};
  disk_fault fault;
  int every_write_fails_with = 0;
  int every_sync_fails_with = 0;
  bool fired = false;
  bool fired_on_meta_page = false;
  std::map<file_id, std::string> synced; ///< Content as of the last sync.
};

std::mutex guard;
std::optional<watch> armed;
/// Set while this file works on files itself.
thread_local bool own_call = false;

std::size_t index_of(disk_call call) {
  return static_cast<std::size_t>(call);
}

bool is_write(disk_call call) {
  return call == disk_call::pwrite || call == disk_call::pwritev || call == disk_call::writev;
}

bool is_sync(disk_call call) {
  return call == disk_call::fdatasync || call == disk_call::fsync;
}

bool watched(int file) {
  std::array<char, PATH_MAX> target{};
  const auto link = "/proc/self/fd/" + std::to_string(file);
  const auto size = ::readlink(link.c_str(), target.data(), target.size());
  return size > 0 && std::string_view{target.data(), static_cast<std::size_t>(size)}.starts_with(
                         armed->directory + "/");
}

file_id id_of(const struct stat& facts) {
  return {facts.st_dev, facts.st_ino};
}

std::string content_of(int file) {
  struct stat facts {};
  ::fstat(file, &facts);
  std::string bytes(static_cast<std::size_t>(facts.st_size), '\0');
  const auto link = "/proc/self/fd/" + std::to_string(file); // the descriptor may be write-only
  const int reading = ::open(link.c_str(), O_RDONLY | O_CLOEXEC);
  for (std::size_t at = 0; at < bytes.size();) {
    const auto got = ::pread(reading, bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
    if (got <= 0)
      break;
    at += static_cast<std::size_t>(got);
  }
  ::close(reading);
  return bytes;
}

bool writes_through(int file) {
  return (::fcntl(file, F_GETFL) & O_DSYNC) != 0;
}

void note_synced_file(int file) {
  struct stat facts {};
  if (::fstat(file, &facts) == 0 && S_ISREG(facts.st_mode))
    armed->synced[id_of(facts)] = content_of(file);
}

void note_synced_write(int file, const void* data, std::size_t size, off_t offset) {
  struct stat facts {};
  if (!writes_through(file) || ::fstat(file, &facts) != 0)
    return;
  auto& bytes = armed->synced[id_of(facts)];
  const auto at = static_cast<std::size_t>(offset);
  bytes.resize(std::max(bytes.size(), at + size));
  bytes.replace(at, size, static_cast<const char*>(data), size);
}

/// Set before the threads that sync begin.
std::function<void()> sync_watcher;

/// Decides about one call: nothing (go on), or how it fails.
std::optional<disk_fault> decide(disk_call call, int file) {
  if (!armed || own_call || !watched(file))
    return std::nullopt;
  ++armed->counts[index_of(call)];
  auto& left = armed->until_failure[index_of(call)];
  if (left > 0 && --left == 0) {
    armed->fired = true;
    armed->fired_on_meta_page = is_write(call) && writes_through(file);
    armed->every_write_fails_with = armed->fault.then_every_write;
    armed->every_sync_fails_with = armed->fault.then_every_sync;
    return armed->fault;
  }
  if (armed->every_write_fails_with != 0 && is_write(call))
    return disk_fault{.code = armed->every_write_fails_with};
  if (armed->every_sync_fails_with != 0 && is_sync(call))
    return disk_fault{.code = armed->every_sync_fails_with};
  return std::nullopt;
}

template <class Function>
Function* next_function(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

ssize_t fail_with(int code) {
  errno = code;
  return -1;
}

ssize_t forward_pwrite(int file, const void* data, std::size_t size, off_t offset) {
  static const auto next = next_function<ssize_t(int, const void*, size_t, off_t)>("pwrite64");
  return next(file, data, size, offset);
}

ssize_t on_pwrite(int file, const void* data, std::size_t size, off_t offset) {
  const std::lock_guard hold{guard};
  const auto fault = decide(disk_call::pwrite, file);
  if (fault && !fault->short_write)
    return fail_with(fault->code);
  const auto done = forward_pwrite(file, data, fault ? size / 2 : size, offset);
  if (armed && !own_call && done > 0 && watched(file))
    note_synced_write(file, data, static_cast<std::size_t>(done), offset);
  return done;
}

/// All buffers in one, to cut a vector at any byte.
std::string joined(const iovec* parts, int count) {
  std::string all;
  for (int i = 0; i < count; ++i)
    all.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  return all;
}

ssize_t on_pwritev(int file, const iovec* parts, int count, off_t offset) {
  const std::lock_guard hold{guard};
  static const auto next = next_function<ssize_t(int, const iovec*, int, off_t)>("pwritev64");
  const auto fault = decide(disk_call::pwritev, file);
  if (fault && !fault->short_write)
    return fail_with(fault->code);
  if (!fault)
    return next(file, parts, count, offset);
  const auto all = joined(parts, count);
  return forward_pwrite(file, all.data(), all.size() / 2, offset);
}

int on_sync(disk_call call, int file) {
  if (call == disk_call::fdatasync && sync_watcher)
    sync_watcher();
  const std::lock_guard hold{guard};
  static const auto next_fdatasync = next_function<int(int)>("fdatasync");
  static const auto next_fsync = next_function<int(int)>("fsync");
  if (const auto fault = decide(call, file))
    return static_cast<int>(fail_with(fault->short_write ? EIO : fault->code));
  const int done = call == disk_call::fsync ? next_fsync(file) : next_fdatasync(file);
  if (armed && !own_call && done == 0 && watched(file))
    note_synced_file(file);
  return done;
}

int on_ftruncate(int file, off_t size) {
  const std::lock_guard hold{guard};
  static const auto next = next_function<int(int, off_t)>("ftruncate64");
  if (const auto fault = decide(disk_call::ftruncate, file))
    return static_cast<int>(fail_with(fault->short_write ? EIO : fault->code));
  return next(file, size);
}

void* raw_mmap(void* at, size_t size, int protection, int flags, int file, off_t offset) {
  return reinterpret_cast<void*>(::syscall(SYS_mmap, at, size, protection, flags, file, offset));
}

/// The allocator and the sanitizers map memory before anything here is ready, hence no lock and no
/// lookup unless a file of ours is mapped.
void* on_mmap(void* at, size_t size, int protection, int flags, int file, off_t offset) {
  if (file < 0 || own_call)
    return raw_mmap(at, size, protection, flags, file, offset);
  const std::lock_guard hold{guard};
  if (const auto fault = decide(disk_call::mmap, file)) {
    errno = fault->short_write ? ENOMEM : fault->code;
    return MAP_FAILED;
  }
  return raw_mmap(at, size, protection, flags, file, offset);
}

} // namespace

const char* name_of(disk_call call) {
  constexpr const char* names[] = {"pwrite", "pwritev",   "writev", "fdatasync",
                                   "fsync",  "ftruncate", "mmap"};
  return names[index_of(call)];
}

disk_faults::disk_faults(std::string directory) {
  const std::lock_guard hold{guard};
  if (armed) {
    std::fputs("disk_faults: one at a time\n", stderr);
    std::abort();
  }
  own_call = true;
  armed.emplace();
  armed->directory = std::move(directory);
  for (const auto& entry : std::filesystem::recursive_directory_iterator{armed->directory}) {
    const int file = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    note_synced_file(file);
    ::close(file);
  }
  own_call = false;
}

disk_faults::~disk_faults() {
  const std::lock_guard hold{guard};
  armed.reset();
}

void disk_faults::fail(disk_call call, unsigned n, const disk_fault& fault) {
  const std::lock_guard hold{guard};
  armed->until_failure = {};
  armed->until_failure[index_of(call)] = n;
  armed->fault = fault;
  armed->fired = armed->fired_on_meta_page = false;
}

void disk_faults::heal() {
  const std::lock_guard hold{guard};
  armed->until_failure = {};
  armed->every_write_fails_with = armed->every_sync_fails_with = 0;
}

void disk_faults::at_sync(std::function<void()> watcher) {
  sync_watcher = std::move(watcher);
}

bool disk_faults::fired() const {
  const std::lock_guard hold{guard};
  return armed->fired;
}

bool disk_faults::fired_on_meta_page() const {
  const std::lock_guard hold{guard};
  return armed->fired_on_meta_page;
}

unsigned disk_faults::calls(disk_call call) const {
  const std::lock_guard hold{guard};
  return armed->counts[index_of(call)];
}

namespace {

struct restoration {
  int file;
  const std::string* bytes;
};

/// Opens every file that is there, each with what it held as of its last sync.
std::vector<restoration> plan_restoration() {
  std::vector<restoration> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{armed->directory}) {
    struct stat facts {};
    const int file =
        entry.is_regular_file() ? ::open(entry.path().c_str(), O_WRONLY | O_CLOEXEC) : -1;
    if (file >= 0 && ::fstat(file, &facts) == 0)
      out.push_back({file, &armed->synced[id_of(facts)]});
  }
  return out;
}

/// Written over in place and cut at the end: whoever still reads the file through a map must not
/// find it gone in the middle of this. Takes no memory and no lock, as a child of many threads
/// must.
void restore(const std::vector<restoration>& planned) {
  for (const auto& each : planned) {
    std::size_t at = 0;
    while (at < each.bytes->size()) {
      const auto done = ::write(each.file, each.bytes->data() + at, each.bytes->size() - at);
      if (done <= 0)
        std::abort();
      at += static_cast<std::size_t>(done);
    }
    ::syscall(SYS_ftruncate, each.file, static_cast<off_t>(at));
    ::close(each.file);
  }
}

} // namespace

void disk_faults::lose_unsynced() {
  const std::lock_guard hold{guard};
  restore(plan_restoration());
}

void disk_faults::power_cut() {
  // Held for good: no thread writes after this.
  guard.lock();
  const auto planned = plan_restoration();
  const auto powered = ::getpid();
  if (::fork() == 0) {
    poll_until(std::chrono::seconds{10}, [powered] { return ::getppid() != powered; });
    restore(planned);
    ::_exit(0);
  }
  ::raise(SIGKILL);
  std::abort();
}

} // namespace troupe::test

using namespace troupe::test;

// From here on: libc's names. On 64-bit Linux off_t and off64_t are one type, and a library calls
// either name of each pair.
extern "C" {

ssize_t pwrite(int file, const void* data, size_t size, off_t offset) {
  return on_pwrite(file, data, size, offset);
}
ssize_t pwrite64(int file, const void* data, size_t size, off_t offset) {
  return on_pwrite(file, data, size, offset);
}
ssize_t pwritev(int file, const iovec* parts, int count, off_t offset) {
  return on_pwritev(file, parts, count, offset);
}
ssize_t pwritev64(int file, const iovec* parts, int count, off_t offset) {
  return on_pwritev(file, parts, count, offset);
}

ssize_t writev(int file, const iovec* parts, int count) {
  const std::lock_guard hold{guard};
  static const auto next = next_function<ssize_t(int, const iovec*, int)>("writev");
  const auto fault = decide(disk_call::writev, file);
  if (fault && !fault->short_write)
    return fail_with(fault->code);
  if (!fault)
    return next(file, parts, count);
  const auto all = joined(parts, count);
  return ::write(file, all.data(), all.size() / 2);
}

int fdatasync(int file) {
  return on_sync(disk_call::fdatasync, file);
}
int fsync(int file) {
  return on_sync(disk_call::fsync, file);
}
int ftruncate(int file, off_t size) noexcept {
  return on_ftruncate(file, size);
}
int ftruncate64(int file, off_t size) noexcept {
  return on_ftruncate(file, size);
}
void* mmap(void* at, size_t size, int protection, int flags, int file, off_t offset) noexcept {
  return on_mmap(at, size, protection, flags, file, offset);
}
void* mmap64(void* at, size_t size, int protection, int flags, int file, off_t offset) noexcept {
  return on_mmap(at, size, protection, flags, file, offset);
}
}
