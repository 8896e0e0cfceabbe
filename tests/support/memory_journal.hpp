#pragma once

#include "persistence/journal/journal.hpp"
#include "persistence/journal/row_tree.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <optional>

/// A journal in memory with the semantics of the one on LMDB, for simulation.
namespace troupe::test {

/// What a crash leaves: the state after the last turn that reached the disk, and the faults to
/// come. Outlives the journals that use it, one after the other.
struct memory_disk {
  struct group {
    std::uint64_t term = 0;
    std::uint64_t voted_for = 0;
    journal_snapshot_point snapshot;
    std::uint64_t applied_index = 0;
    std::map<std::uint64_t, journal_entry> log;
  };

  std::optional<store_identity> identity;
  std::map<shard_id, group> groups;
  row_tree rows;

  /// The `n`th commit_turn that has something to write from now on (1: the next) fails with `code`:
  /// `storage_full`, and so does everything until `heal`; or `storage_failed`, and the journal is
  /// unusable from then on. `turn_reached_disk`: whether a turn that failed so is there after the
  /// crash, which a failed sync leaves open.
  void fail_turn(unsigned n, errc code, bool turn_reached_disk = false);
  /// There is room again.
  void heal() { full = false; }

  // Faults.
  unsigned turns_until_failure = 0; ///< 0: none.
  errc failure = errc::storage_full;
  bool failed_turn_reached_disk = false;
  bool full = false;
  unsigned used_permille = 0; ///< What `journal::used_permille` says.

  std::uint64_t turns = 0; ///< Committed so far.
};

/// Destroying it is a crash: what was staged or only applied is lost.
/// Thread: as `journal` says; rows() from any.
class memory_journal final : public journal {
public:
  explicit memory_journal(std::shared_ptr<memory_disk> disk);

  result<std::optional<store_identity>> identity() const override { return disk_->identity; }
  result<void> write_identity(const store_identity& identity) override;
  result<journal_group> load(shard_id group) override;
  void stage_vote(shard_id group, std::uint64_t term, std::uint64_t voted_for) override;
  void stage_append(shard_id group, std::uint64_t first_index,
                    std::vector<journal_entry> entries) override;
  void stage_truncate(shard_id group, const journal_snapshot_point& point,
                      std::uint64_t keep_from) override;
  void apply(shard_id group, std::uint64_t index, const write_batch& batch) override;
  std::size_t staged_bytes() const override { return staged_bytes_; }
  bool must_sync() const override { return must_sync_; }
  std::uint64_t flushed_index(shard_id group) const override;
  result<void> commit_turn() override;
  void discard_staged() override;
  result<void> probe() override;
  const row_store& rows() const override { return rows_; }
  unsigned used_permille() const override { return disk_->used_permille; }

private:
  class visible_rows final : public row_store {
  public:
    std::unique_ptr<row_snapshot> snapshot() const override;
    row_tree get() const;
    void set(row_tree rows);

  private:
    mutable std::mutex guard_;
    row_tree rows_;
  };

  memory_disk::group& staged(shard_id group);
  void keep_turn();
  result<void> usable() const;

  std::shared_ptr<memory_disk> disk_;
  visible_rows rows_;
  std::map<shard_id, memory_disk::group> staged_; ///< Changed groups, as they will be.
  std::size_t staged_bytes_ = 0;
  bool must_sync_ = false;
  bool broken_ = false;
};

} // namespace troupe::test
