#pragma once

#include "persistence/env/disk.hpp"
#include "persistence/journal/journal.hpp"

#include <memory>
#include <string>

namespace troupe {

struct lmdb_journal_options {
  /// Created when missing (its parent must exist). On a local volume, never NFS.
  std::string directory;
  /// Address space reserved for the store, the bound on its size. Sparse: costs nothing until used.
  std::size_t map_bytes = std::size_t{64} << 30;
  /// Must outlive the journal.
  const disk* storage = &system_disk();
};

/// Opens or creates the store in `directory` (docs/formats/log.md). Holds it alone until the
/// journal is destroyed; snapshots must be gone by then.
/// Errors: `unavailable` (another process has it: the detail names it), `storage_full`,
/// `storage_failed`, `corrupt`, `unsupported` (a format of another release).
result<std::unique_ptr<journal>> open_lmdb_journal(const lmdb_journal_options& options);

} // namespace troupe
