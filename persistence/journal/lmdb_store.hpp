#pragma once

#include "base/result.hpp"
#include "persistence/env/disk.hpp"
#include "persistence/journal/frame.hpp"
#include "persistence/lmdb/env.hpp"

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// The environment with its databases, and the one way to write to it: a transaction that either
/// commits or provably changed nothing.
class lmdb_store {
public:
  struct databases {
    MDB_dbi log = 0;
    MDB_dbi rows = 0;
    MDB_dbi groups = 0;
    MDB_dbi store = 0;
  };

  /// `directory` must exist; the caller holds its lock. Creates the store when there is none.
  static result<lmdb_store> open(const std::string& directory, std::size_t map_bytes,
                                 const disk& storage);

  const lmdb::env& env() const { return env_; }
  const databases& in() const { return databases_; }

  /// Runs `fill` in one write transaction, commits and syncs. `bytes`: about how much is written.
  /// Errors: `storage_full` (nothing was written, the store is as before), `storage_failed` (the
  /// process must exit and verify), or what `fill` returned other than that.
  result<void> write(std::size_t bytes,
                     const std::function<result<void>(lmdb::transaction&)>& fill);

  /// One framed value, verified and copied.
  result<std::optional<std::string>> read(store_database place, std::string_view key) const;
  MDB_dbi database(store_database place) const;

private:
  lmdb_store(lmdb::env opened, const disk& storage, std::string directory)
      : env_(std::move(opened)), storage_(&storage), directory_(std::move(directory)) {}
  static result<void> create(const std::string& directory, std::size_t map_bytes);
  result<void> open_databases();
  error examine(error failure, std::size_t transaction_before, std::size_t bytes) const;

  lmdb::env env_;
  databases databases_;
  const disk* storage_;
  std::string directory_;
};

} // namespace troupe
