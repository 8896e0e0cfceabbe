#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>

/// What the store asks of the filesystem beside LMDB. LMDB makes its own system calls, which tests
/// interpose (tests/support/disk_faults.hpp); what is here goes through the same functions of libc,
/// and `disk` is the seam for facts that cannot be produced at will: how full a disk is.
namespace troupe {

struct disk_space {
  std::uint64_t total_bytes = 0; ///< What an unprivileged process may use in all.
  std::uint64_t free_bytes = 0;  ///< What it may still use.
};

/// Thread: any.
class disk {
public:
  virtual ~disk() = default;
  virtual result<disk_space> space(const std::string& directory) const = 0;
  /// Whether `bytes` more can be written below `directory`, by writing them to a scratch file and
  /// removing it. The only test that also sees quotas. Dear: for after a failure.
  virtual bool has_room(const std::string& directory, std::size_t bytes) const = 0;
};

const disk& system_disk();

/// Makes the names in `directory` durable. Errors: `storage_failed`.
result<void> sync_directory(const std::string& directory);

/// Creates `directory` (mode 0700) unless it exists; its parent must. The name is durable.
result<void> make_directory(const std::string& directory);

/// Removes a file or an empty directory; absence is success.
result<void> remove_path(const std::string& path);

/// Renames within one filesystem, durably: `directory` is the parent of `to`.
result<void> move_path(const std::string& from, const std::string& to,
                       const std::string& directory);

/// The right of one process to one store, held until destruction or the process's death.
class directory_lock {
public:
  /// Errors: `unavailable` when another process holds it; the detail names its pid.
  static result<directory_lock> take(const std::string& directory);
  directory_lock(directory_lock&& other) noexcept;
  directory_lock& operator=(directory_lock&&) = delete;
  ~directory_lock();

private:
  explicit directory_lock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

} // namespace troupe
