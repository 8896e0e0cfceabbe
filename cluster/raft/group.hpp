#pragma once

#include "cluster/log/replicated_log.hpp"
#include "cluster/raft/messages.hpp"
#include "persistence/journal/journal.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

/// One shard's replica: the consensus core, the tail of its log, and the proposals in it.
///
/// A group only stages; the raft loop commits the journal for all groups at once and then calls
/// `settle`. Between a step and its `settle` nothing that depends on an unsaved term or vote leaves
/// this node. The order of a turn:
///
///     propose, receive, tick  ->  submit  ->  journal.commit_turn()  ->  settle  ->  truncate
///
/// A sole voter elects itself without a message, and the core then keeps the old term. Epochs must
/// differ from one start to the next, so `start` takes a new term and votes for itself in it first.
namespace troupe {

/// What one proposer asks for, on its way through the queue and the log.
struct proposal {
  epoch expected;
  write_batch batch;
  std::string payload; ///< `batch.encode()`.
  proposal_done done;
};

/// Where a group tells what happened. Called from within the group's own calls: must not call back.
class group_host {
public:
  virtual ~group_host() = default;
  /// An entry of `term` is committed and applied here.
  virtual void leading(shard_id shard, epoch term) = 0;
  virtual void deposed(shard_id shard, epoch term) = 0;
  /// `message` may be lost; the core repeats what matters.
  virtual void send(std::uint64_t to, std::string message) = 0;
};

struct group_options {
  shard_id shard;
  std::uint64_t raft_id = 0;
  unsigned election_timeout_ms = 250;
  unsigned heartbeat_ms = 50;
  unsigned seed = 0;
  /// The log is cut once this many entries, or this many bytes, are flushed behind its beginning.
  /// The core keeps every entry behind the cut in memory: times 33 groups, this bounds what it
  /// holds.
  std::uint64_t truncate_entries = 512;
  std::uint64_t truncate_bytes = 512u << 10;
  /// Entries kept behind the cut, for followers that are a little late; at most a quarter of what
  /// was cut.
  unsigned trailing_entries = 512;
};

/// A member of a group's first configuration.
struct group_member {
  std::uint64_t raft_id = 0;
  std::string address;
};

/// Stages the first entry of a new group, the same on every member, and returns what `start` takes.
result<journal_group> bootstrap_group(journal& store, shard_id shard,
                                      std::span<const group_member> members);

/// Thread: one, the raft loop's. Outlived by the journal and the host.
class group {
public:
  /// `found`: as loaded. Errors: `corrupt` when it is not a log.
  static result<std::unique_ptr<group>> start(const group_options& options, journal& store,
                                              group_host& host, journal_group found,
                                              std::uint64_t now_ms);
  group(const group&) = delete;
  group& operator=(const group&) = delete;
  ~group();

  /// Takes the proposal for the next `submit`, or answers `not_leader` at once.
  void propose(proposal wanted);
  /// Appends all that was proposed as one batch. Held back while leadership is being handed over.
  void submit(std::uint64_t now_ms);
  void receive(const raft_wire_message& message, std::uint64_t now_ms);
  /// Tells the core that time has passed, if its deadline has.
  void tick(std::uint64_t now_ms);
  /// Begins to hand leadership to another voter; 0: the best one.
  void transfer(std::uint64_t to, std::uint64_t now_ms);
  /// Everything staged is on disk: releases messages, applies what is committed, answers.
  void settle(std::uint64_t now_ms);
  /// Stages a new beginning of the log when enough of it is flushed.
  void truncate(std::uint64_t now_ms);
  /// The instance is going away: appended proposals are answered `unknown`, queued ones
  /// `not_leader`; the host hears `deposed` if it had heard `leading`.
  void abandon();

  /// Something happened since the last `settle`.
  bool unsettled() const { return unsettled_; }
  /// An invariant broke: the group does nothing any more.
  bool stopped() const { return stopped_; }
  /// Why, for the operator; empty while it runs.
  const std::string& stop_reason() const { return stop_reason_; }
  bool has_peers() const { return has_peers_; }
  /// The epoch announced to the host; 0 when not leading.
  epoch leading() const { return leading_; }
  std::uint64_t deadline_ms() const { return deadline_ms_; }
  std::uint64_t term() const { return term_; }
  std::uint64_t commit_index() const { return commit_index_; }
  std::uint64_t applied_index() const { return applied_index_; }
  std::uint64_t last_index() const { return last_index_; }
  /// Proposals taken and not answered yet.
  std::size_t pending() const { return queued_.size() + pending_; }
  /// Proposals answered `committed` since the start.
  std::uint64_t committed() const { return committed_; }

private:
  /// One entry of the log's tail, until it is applied (with peers: until it is cut off).
  struct log_entry {
    std::uint64_t term = 0;
    std::uint8_t kind = 0;
    std::string payload; ///< Left empty where nobody will read it: a sole voter's own commands.
    write_batch batch;   ///< Only of our own proposals.
    bool own = false;    ///< `batch` counts, not `payload`.
    std::uint64_t bytes = 0;
    proposal_done done; ///< Empty when nobody waits (any more).
  };

  group(const group_options& options, journal& store, group_host& host);
  result<void> start_core(journal_group found, std::uint64_t now_ms);
  void load_tail(journal_group& found);
  void submit_barrier(std::uint64_t now_ms);
  void absorb(const raft_shim_update& update, std::uint64_t now_ms);
  void store_vote(const raft_shim_update& update);
  void store_received(const raft_shim_update& update);
  void send_messages(const raft_shim_update& update);
  void send(const raft_shim_message& message);
  bool fill_entries(raft_wire_message& message) const;
  void apply_committed(std::uint64_t now_ms);
  bool apply_one(std::uint64_t index, log_entry& entry, std::uint64_t now_ms);
  void drop_tail_from(std::uint64_t index);
  void stop(const std::string& reason);
  log_entry& at(std::uint64_t index);

  // Constant after construction.
  const group_options options_;
  journal& store_;
  group_host& host_;

  struct shim_closer {
    void operator()(raft_shim* shim) const { raft_shim_destroy(shim); }
  };
  std::unique_ptr<raft_shim, shim_closer> shim_;
  bool stopped_ = false;
  std::string stop_reason_;
  bool has_peers_ = false;
  bool unsettled_ = false;

  // Copies of the core's state after its last step.
  std::uint64_t term_ = 0;
  std::uint64_t commit_index_ = 0;
  std::uint64_t last_index_ = 0;
  std::uint64_t persisted_index_ = 0;
  std::uint64_t deadline_ms_ = 0;

  std::uint64_t applied_index_ = 0;
  std::uint64_t snapshot_index_ = 0;
  std::uint64_t applied_bytes_ = 0; ///< Since the last cut.
  std::uint64_t committed_ = 0;
  std::uint64_t led_term_ = 0; ///< The term we lead in, announced or not; 0: follower.
  epoch leading_;
  std::size_t pending_ = 0; ///< Entries of the tail with a `done`.

  std::deque<log_entry> tail_; ///< `tail_[0]` is entry `tail_first_`; the end is `last_index_`.
  std::uint64_t tail_first_ = 1;
  std::vector<proposal> queued_;
  std::vector<raft_shim_entry> submitting_; ///< Scratch of `submit`.

  bool vote_unsaved_ = false;
  struct held_message {
    std::uint64_t to;
    std::string bytes;
  };
  std::vector<held_message> held_; ///< Wait for the vote to be saved.
};

} // namespace troupe
