#pragma once

#include "base/ids.hpp"
#include "base/result.hpp"
#include "persistence/journal/row_store.hpp"
#include "persistence/journal/write_batch.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The one writer of a node's store, driven by the raft loop.
///
/// Problem: every group needs its log, its term and its vote on disk before it may speak, and the
/// rows that committed entries write. Idea: one turn of the raft loop is one transaction. The loop
/// stages what all groups need, `commit_turn()` writes and syncs it once, and only then are
/// messages and acknowledgements let go.
///
/// Committed entries become visible to readers at once (`apply`): they go to an in-memory overlay
/// over the rows on disk, and reach the disk with the next turn. Nothing is lost by that, because
/// the log has them until they are flushed. So a lone proposal costs one sync, not two.
namespace troupe {

/// One entry of a group's log. `kind` is libraft's entry type (command, barrier, change).
struct journal_entry {
  std::uint64_t term = 0;
  std::uint8_t kind = 0;
  std::string payload;
};

/// Where a group's log begins after truncation: everything up to `index` is in the rows.
struct journal_snapshot_point {
  std::uint64_t index = 0;
  std::uint64_t term = 0;
  std::uint64_t configuration_index = 0;
  std::string configuration; ///< libraft's encoding of the voters at `configuration_index`.
};

/// What a group finds on disk when it starts.
struct journal_group {
  std::uint64_t term = 0;
  std::uint64_t voted_for = 0;     ///< 0: nobody.
  journal_snapshot_point snapshot; ///< index 0: the log begins at entry 1.
  std::uint64_t first_index =
      1; ///< Index of `entries[0]`; <= snapshot.index + 1 (trailing entries).
  std::vector<journal_entry> entries; ///< Consecutive; checksums verified.
  std::uint64_t applied_index = 0;    ///< The rows on disk contain exactly the entries up to here.
};

/// Facts of this store that are not part of any group.
struct store_identity {
  std::string cluster_id;       ///< Minted when the cluster is formed.
  std::uint64_t raft_id = 0;    ///< (node, disk, generation): never reused (architecture 6.9).
  std::uint16_t shards = 0;     ///< Fixed at first boot.
  std::uint64_t boot_count = 0; ///< Counts starts of this store.
  std::uint64_t clean_stop = 0; ///< The boot count whose process stopped in order; else a crash.
};

/// Thread: one thread (the raft loop) for everything but `rows()` and `used_permille()`.
class journal {
public:
  virtual ~journal() = default;

  /// Nothing stored yet: nullopt.
  virtual result<std::optional<store_identity>> identity() const = 0;
  /// Writes and syncs at once.
  virtual result<void> write_identity(const store_identity& identity) = 0;

  /// Reads and verifies one group. Errors: `corrupt`.
  virtual result<journal_group> load(shard_id group) = 0;

  virtual void stage_vote(shard_id group, std::uint64_t term, std::uint64_t voted_for) = 0;
  /// Replaces everything from `first_index` on by `entries`.
  virtual void stage_append(shard_id group, std::uint64_t first_index,
                            std::vector<journal_entry> entries) = 0;
  /// Moves the log's beginning: entries before `keep_from` are removed. `point.index` must be
  /// flushed, `keep_from` <= point.index + 1.
  virtual void stage_truncate(shard_id group, const journal_snapshot_point& point,
                              std::uint64_t keep_from) = 0;
  /// Makes one committed entry visible to readers now and stages its rows for the next turn.
  /// Indices must follow each other; entries without rows pass an empty batch.
  virtual void apply(shard_id group, std::uint64_t index, const write_batch& batch) = 0;

  /// Bytes staged since the last turn (appends and applied rows); the loop ends a turn at 1 MiB.
  virtual std::size_t staged_bytes() const = 0;
  /// Anything staged that must be synced before messages may leave (votes, appends, truncation).
  virtual bool must_sync() const = 0;
  /// The highest index of `group` whose rows are on disk.
  virtual std::uint64_t flushed_index(shard_id group) const = 0;

  /// Writes everything staged in one transaction and syncs it. Blocks (1-10 ms).
  /// Errors: `storage_full`: nothing was written; the loop drops its raft instances, calls
  /// `discard_staged`, and starts them from disk once `probe()` succeeds. `storage_failed`: the
  /// process must exit, restart and verify.
  virtual result<void> commit_turn() = 0;
  /// Forgets what is staged, and the overlay with it: the rows show what is on disk.
  virtual void discard_staged() = 0;
  /// A small write with sync, to learn whether the store takes writes again. Same errors.
  virtual result<void> probe() = 0;

  virtual const row_store& rows() const = 0;
  /// The fuller of map and disk, in permille of its size. Thread: any.
  virtual unsigned used_permille() const = 0;
};

} // namespace troupe
