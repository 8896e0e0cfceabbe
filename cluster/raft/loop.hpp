#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "cluster/raft/lease_table.hpp"
#include "cluster/raft/proposal_queue.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

/// The thread that drives every group of a node.
///
/// Problem: one sync of the disk costs milliseconds, and there are as many logs as shards. Idea: a
/// turn takes whatever was proposed while the last turn wrote, lets all groups stage it, and
/// commits the journal once. Rows of committed entries are visible at once and reach the disk with
/// the next turn, so under load a proposal costs its share of one sync.
///
///     running --storage_full--> halted --probe succeeds--> running
///     running, halted --anything else--> failed (the fatal hook ends the process)
///
/// Halted: no group exists, every proposal is answered `not_leader`. What was staged is forgotten
/// and the groups start again from what is on disk; rows that were applied but not flushed are
/// missing from reads until then, as nothing leads.
namespace troupe {

/// A turn ends its intake at this size or this age, whichever comes first.
inline constexpr std::size_t turn_bytes_max = 1u << 20;
inline constexpr std::chrono::milliseconds turn_intake_max{20};
/// Applied rows that no later turn took along are written after this time.
inline constexpr std::chrono::milliseconds flush_idle{200};
/// Under load the loop waits this long for the proposers of the last turn to come back, so that two
/// half-full turns do not alternate.
inline constexpr std::chrono::microseconds gather_max{300};
inline constexpr std::size_t gather_from = 8;
/// While the store is full.
inline constexpr std::chrono::milliseconds probe_delay_min{50};
inline constexpr std::chrono::milliseconds probe_delay_max{2000};
/// Storage pressure: entered above, left below (permille).
inline constexpr unsigned pressure_high_permille = 850;
inline constexpr unsigned pressure_clear_permille = 800;
inline constexpr std::chrono::milliseconds pressure_check_every{100};
/// Nobody can replace a sole voter, so its lease outlasts a stalled sync: this many election
/// timeouts instead of one (decision 0001).
inline constexpr int sole_voter_lease_timeouts = 8;

struct loop_options {
  std::string node; ///< The stable name, the address in the group's configuration.
  std::uint16_t shards = 32;
  std::chrono::milliseconds election_timeout{250};
  std::chrono::milliseconds heartbeat{50};
  std::uint64_t seed = 0;
  group_options limits; ///< Only the truncation limits are used.
  /// Called when the process must not go on. Default: `_exit(70)`.
  std::function<void(const error&)> fatal;
};

/// Counted since the start. Thread: any.
struct loop_counters {
  std::uint64_t passes = 0; ///< Times the loop woke.
  std::uint64_t turns = 0;  ///< Transactions.
  std::uint64_t committed = 0;
  std::uint64_t halts = 0;
  std::uint64_t commit_us_total = 0; ///< Time spent in `commit_turn`.
  std::uint64_t stopped_groups = 0;  ///< Groups stopped by a broken invariant.
};

/// Thread: `load`, `prepare`, `start` and `stop` by the owner, one after the other; the rest from
/// any. Outlived by journal, clock and listener.
class raft_loop : private group_host {
public:
  raft_loop(loop_options options, journal& store, const clock& time, leadership_listener& listener);
  raft_loop(const raft_loop&) = delete;
  raft_loop& operator=(const raft_loop&) = delete;
  ~raft_loop() override;

  /// Reads all groups. True: none has a log yet. Errors: `corrupt`, also when only some have one.
  result<bool> load();
  /// Starts the groups that were loaded, under this node's raft id; a new store is given its first
  /// configuration. Errors: `corrupt`; `unsupported` when a group has other voters.
  result<void> prepare(std::uint64_t raft_id);
  void start();
  /// Answers what is queued, flushes, ends the thread. The listener hears nothing of it. Errors:
  /// the last writes failed; what was acknowledged is in the log all the same.
  result<void> stop();

  /// See `replicated_log::propose`.
  void propose(shard_id shard, epoch expected, write_batch batch, proposal_done done);
  shard_lease lease(shard_id shard) const { return leases_.read(place(shard)); }
  storage_pressure pressure() const { return pressure_.load(std::memory_order_relaxed); }
  loop_counters counters() const;

private:
  enum class phase { running, halted, failed };

  void leading(shard_id shard, epoch term) override;
  void deposed(shard_id shard, epoch term) override;
  void send(std::uint64_t to, std::string message) override;

  void run();
  void wait_for_work();
  std::chrono::nanoseconds next_wake(std::chrono::nanoseconds now) const;
  void turn();
  void take_proposals(std::chrono::nanoseconds began);
  bool commit();
  void settle();
  void renew_leases(std::chrono::nanoseconds from);
  void check_pressure(std::chrono::nanoseconds now);
  void halt(const error& reason);
  void probe();
  result<void> restart();
  void fail(const error& reason);
  void lose_groups();
  void refuse_all();
  void finish();
  void note_slow_commit(std::chrono::nanoseconds took);
  std::size_t place(shard_id shard) const;
  shard_id shard_at(std::size_t place) const;
  std::uint64_t now_ms() const;
  std::chrono::nanoseconds lease_length() const;

  // Constant after construction.
  const loop_options options_;
  journal& store_;
  const clock& clock_;
  leadership_listener& listener_;

  // Any thread.
  proposal_queue queue_;
  lease_table leases_;
  std::atomic<storage_pressure> pressure_{storage_pressure::none};
  struct {
    std::atomic<std::uint64_t> passes{0}, turns{0}, committed{0}, halts{0}, commit_us{0},
        stopped{0};
  } counted_;

  // The loop's thread, and the owner before `start`.
  phase phase_ = phase::running;
  std::uint64_t raft_id_ = 0;
  random_generator random_;
  std::vector<journal_group> loaded_;
  std::vector<std::unique_ptr<group>> groups_; ///< By place; empty while halted or failed.
  std::deque<queued_proposal> backlog_;
  std::vector<proposal_done> refused_;
  bool closing_ = false;
  std::size_t last_turn_size_ = 0;
  std::uint64_t committed_before_ = 0;       ///< By groups that are gone.
  std::chrono::nanoseconds staged_since_{0}; ///< 0: nothing waits for a flush.
  std::chrono::nanoseconds pressure_checked_{0};
  std::chrono::nanoseconds probe_at_{0};
  std::chrono::nanoseconds probe_delay_{probe_delay_min};
  std::chrono::nanoseconds slow_noted_{0};
  result<void> finished_ = boost::outcome_v2::success();
  std::thread thread_;
};

} // namespace troupe
