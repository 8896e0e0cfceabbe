#pragma once

#include <cstdint>
#include <functional>
#include <string>

/// Failures of the disk, injected beneath LMDB: the program that links disk_faults.cpp replaces
/// libc's pwrite, pwritev, writev, fdatasync, fsync, ftruncate and mmap by functions that count,
/// fail or forward.
///
/// What LMDB 0.9.24 calls when it commits (seen with strace): lseek and writev for pages next to
/// each other, pwrite for single ones; fdatasync; then 120 bytes of a meta page with pwrite on a
/// second descriptor that was opened with O_DSYNC. It calls fsync, pwritev and msync nowhere on
/// this way.
namespace troupe::test {

enum class disk_call { pwrite, pwritev, writev, fdatasync, fsync, ftruncate, mmap };
inline constexpr disk_call all_disk_calls[] = {
    disk_call::pwrite, disk_call::pwritev,   disk_call::writev, disk_call::fdatasync,
    disk_call::fsync,  disk_call::ftruncate, disk_call::mmap};
const char* name_of(disk_call call);

/// How a chosen call fails.
struct disk_fault {
  int code = 0;             ///< errno; 0 with `short_write`.
  bool short_write = false; ///< Half of the bytes are written, and that is what the call says.
  /// Until `heal`: from then on every write below the directory fails with this; 0: only the one.
  int then_every_write = 0;
  /// The same for fdatasync and fsync.
  int then_every_sync = 0;
};

/// Watches one directory; what is in it already counts as synced. At most one object at a time.
/// Thread: any.
class disk_faults {
public:
  explicit disk_faults(std::string directory);
  disk_faults(const disk_faults&) = delete;
  disk_faults& operator=(const disk_faults&) = delete;
  ~disk_faults();

  /// The `n`th call of this kind from now on (1: the next) fails.
  void fail(disk_call call, unsigned n, const disk_fault& fault);
  /// Nothing fails any more.
  void heal();
  bool fired() const;
  /// Whether the call that failed was on a descriptor with O_DSYNC: LMDB's meta page.
  bool fired_on_meta_page() const;
  unsigned calls(disk_call call) const;

  /// What a power cut leaves: every file below the directory becomes what was synced of it
  /// (fdatasync and fsync: the whole file; a write with O_DSYNC: its bytes). Files that were never
  /// synced become empty. Nothing may have them open.
  void lose_unsynced();
  /// The same for a running process: it ends with SIGKILL, before any thread writes again, and a
  /// child that keeps its standard output open takes the files back once it is gone.
  [[noreturn]] void power_cut();

  /// Called at the beginning of every fdatasync of the program, on its thread.
  static void at_sync(std::function<void()> watcher);
};

} // namespace troupe::test
