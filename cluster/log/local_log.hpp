#pragma once

#include "cluster/raft/loop.hpp"

/// The replicated log of a node: its store's identity, and the raft loop over its journal.
namespace troupe {

struct log_options {
  std::string node = "troupe-0"; ///< The node's stable name.
  /// Fixed at first boot; a store made with another number refuses to start.
  std::uint16_t shards = 32;
  std::chrono::milliseconds election_timeout{250};
  std::chrono::milliseconds heartbeat{50};
  std::uint64_t seed = random_seed();
  group_options limits; ///< Only the truncation limits are used.
  /// Called on the log's thread when the process must not go on. Default: `_exit(70)`.
  std::function<void(const error&)> fatal;
};

/// Thread: `start` and `stop` by the owner; after `stop` a proposal is answered `not_leader` on the
/// caller's own thread. Outlived by journal, clock and listener.
class local_log final : public replicated_log {
public:
  local_log(journal& store, const clock& time, log_options options);
  ~local_log() override;

  /// Reads (first boot: mints) the store's identity, counts this boot, loads all groups and starts
  /// the loop; shards are led a turn later, as the listener is told. Blocks (two syncs).
  /// Errors: `invalid_argument` (another number of shards), `corrupt`, `unsupported`, storage's
  /// own.
  result<void> start(leadership_listener& listener);
  /// Answers what is queued, flushes, and marks the store as stopped in order. The listener hears
  /// nothing: whoever stops the log has stopped the actors. Blocks (some syncs).
  /// Errors: storage's; then the next start counts as one after a crash.
  result<void> stop();

  void propose(shard_id shard, epoch expected, write_batch batch, proposal_done done) override;
  shard_lease lease(shard_id shard) const override;
  storage_pressure pressure() const override;
  const row_store& rows() const override { return store_.rows(); }
  std::uint16_t shards() const override { return options_.shards; }

  // Set by `start`.

  /// The process before this one stopped in order, or there was none: runs that are open did not
  /// die with it.
  bool last_stop_was_clean() const { return last_stop_was_clean_; }
  const store_identity& identity() const { return identity_; }
  loop_counters counters() const;

private:
  result<void> open_identity();

  const log_options options_;
  journal& store_;
  const clock& clock_;
  store_identity identity_;
  bool last_stop_was_clean_ = true;
  std::unique_ptr<raft_loop> loop_;
  bool running_ = false;
};

} // namespace troupe
