#pragma once

#include "persistence/journal/row_store.hpp"
#include "persistence/journal/row_tree.hpp"
#include "persistence/lmdb/env.hpp"

#include <memory>
#include <mutex>
#include <vector>

namespace troupe {

/// The rows as readers see them: the overlay of applied rows over those in LMDB.
///
/// Idea: the overlay is an immutable tree. A snapshot takes, under one short lock, the tree's root
/// and a read transaction. The raft loop replaces the root when it applies a batch (so a batch is
/// seen whole), and sets it to the empty tree after its transaction has committed. A snapshot taken
/// between that commit and the emptying sees the same rows twice, with the same values; one taken
/// before sees the old transaction and the full overlay. Nothing is ever missing or torn, and no
/// lock is held over a sync.
class lmdb_rows final : public row_store {
public:
  /// `store` must outlive this and every snapshot.
  lmdb_rows(const lmdb::env& store, MDB_dbi database) : store_(store), database_(database) {}

  std::unique_ptr<row_snapshot> snapshot() const override;

  /// Thread: the raft loop, as its only writer.
  const row_tree& overlay() const { return overlay_; }
  void show(row_tree overlay);

private:
  friend class lmdb_snapshot;
  /// Idle reader slots kept for reuse: renewing one costs no lock of LMDB's.
  static constexpr std::size_t idle_readers_max = 16;

  result<lmdb::transaction> take_reader() const;
  void give_back(lmdb::transaction reader) const;

  const lmdb::env& store_;
  const MDB_dbi database_;
  mutable std::mutex guard_;
  row_tree overlay_;                            ///< Guarded for readers and for replacing.
  mutable std::vector<lmdb::transaction> idle_; ///< Guarded.
};

} // namespace troupe
