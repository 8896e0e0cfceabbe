#pragma once

#include "actors/conversation/text_packer.hpp"
#include "actors/messages.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "persistence/journal/row_store.hpp"
#include "persistence/journal/write_batch.hpp"
#include "persistence/tables/conversation_tables.hpp"

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What a conversation decides, without actors, clocks or disks.
///
/// Every decision is a batch and what follows from it. The object moves on at once, as if the batch
/// were committed; the actor performs what follows only after the commit, in order, and is thrown
/// away with this object when the commit fails. So the rows always decide.
namespace troupe {

/// Which start of this store's process is asking, to tell a crash from an orderly stop.
struct boot_facts {
  std::uint64_t boot = 1;
  bool previous_stop_clean = true;
};

/// Why an open run is taken up again.
enum class takeover_cause {
  new_leader,   ///< Loaded from rows: the last process may have crashed.
  actor_failed, ///< A run or conversation actor of this process failed.
  planned,      ///< Handed over or discarded in order.
};

struct queue_limits {
  std::size_t cap = 20;
};

class conversation_logic {
public:
  /// A message as the run made it; the conversation gives it its place.
  using new_messages = std::vector<tables::message_row>;

  struct decision {
    std::vector<write_batch> chunks; ///< To be committed, all of them, before `batch` is proposed.
    write_batch batch;
    /// Written by the batch. A text that is in chunks already may still be there.
    std::vector<std::shared_ptr<const tables::message_row>> messages;
    bool start_run = false; ///< The active run is new: start it after the commit.
    /// The batch is empty because it waits for the next one: nothing of it is in the rows yet, and
    /// its messages are not to be told yet.
    bool held = false;
  };
  struct submitted : decision {
    input_receipt receipt;
    std::shared_ptr<const run_outcome> answered; ///< A command, answered with its acceptance.
  };
  struct compaction : decision {
    session_compacted told;
  };
  struct closed : decision {
    std::shared_ptr<const run_outcome> outcome;
  };
  struct aborted : decision {
    std::vector<std::shared_ptr<const run_outcome>> withdrawn; ///< Queued inputs that never ran.
    bool stop_active = false; ///< The active run must be told to stop; it closes itself.
  };
  struct taken_over : decision {
    std::shared_ptr<const run_outcome> quarantined; ///< Set: the run was closed instead.
  };

  /// Reads the conversation's rows; a missing row gives a fresh conversation that is not yet
  /// written. Errors: `corrupt`.
  static result<conversation_logic> load(const row_snapshot& rows, shard_id shard, std::string key,
                                         std::string agent_id, queue_limits limits);

  /// For the inputs from here on; those that wait already stay.
  void limit_queue(queue_limits limits) { limits_ = limits; }

  /// Accepts, queues or recognises an input. `known` is the run's row if there is one.
  /// Errors: `overloaded` (queue full, by number or bytes), `forbidden` (quarantined),
  /// `invalid_argument`, `unavailable` (a command that resets, while a run is active).
  result<submitted> submit(const submit_input& input, const std::optional<tables::run_row>& known,
                           const boot_facts& facts, wall_ms now);

  /// Commits `attempt + 1` of the open run, or quarantines after too many crashes.
  taken_over take_over(takeover_cause cause, const boot_facts& facts, wall_ms now);

  /// One step of the active run: messages, new intents, and the calls whose outcome is in
  /// `messages`.
  decision record_step(new_messages messages, const std::vector<tables::intent_row>& intents,
                       const std::vector<std::string>& settled_calls, wall_ms now);

  /// Ends the active run and begins the next queued one in the same batch. `expired` are rows of
  /// runs that may be forgotten now.
  closed close(new_messages messages, run_outcome outcome,
               const std::vector<std::string>& settled_calls, const boot_facts& facts, wall_ms now,
               const write_batch& expired);

  /// What a decision held back: it goes in front of the next batch, whatever decides that, and its
  /// messages are told then.
  struct held_back {
    write_batch batch;
    std::vector<std::shared_ptr<const tables::message_row>> messages;
  };
  held_back take_held() { return std::exchange(held_, {}); }
  bool holds() const { return !held_.batch.empty(); }

  /// Withdraws queued inputs; an empty `run_id` means all and the active run.
  aborted abort(std::string_view run_id, std::string_view reason, wall_ms now);

  /// Errors: `invalid_argument`.
  result<decision> create(const create_session& wanted, wall_ms now);
  /// Errors of reset and erase: `unavailable` while a run is active.
  /// Also releases from quarantine, without what made it crash in context.
  result<decision> reset(const boot_facts& facts, wall_ms now);
  /// Errors: `invalid_argument`.
  result<decision> patch(const patch_session& wanted, wall_ms now);
  /// `rows` hold all that was decided. Errors: `unavailable` while a run is active, `corrupt`.
  result<compaction> compact(const row_snapshot& rows, shard_id shard, std::uint64_t lines_max,
                             wall_ms now);
  /// Erases the rows in several batches, the conversation's own row with the last. Closed runs stay
  /// until they expire, so that a repeated key is still recognised. `rows` hold all that was
  /// decided.
  result<std::vector<write_batch>> erase(const row_snapshot& rows, shard_id shard);
  result<decision> release(const boot_facts& facts, wall_ms now);

  /// Whether chunks may lie in the rows that no row refers to: an upload broke off, or an input was
  /// withdrawn. `announce_sweep` is committed first, so that all that was proposed before, also by
  /// a predecessor, has settled when `sweep` looks at the rows. Nothing else may be on its way
  /// then.
  bool needs_sweep() const { return unclaimed_; }
  write_batch announce_sweep() const;
  /// Erases the unclaimed chunks, in several batches. Errors: `corrupt`.
  result<std::vector<write_batch>> sweep(const row_snapshot& rows, shard_id shard);

  /// Whether the conversation is to be erased: it expires `at`, that is past, and nothing is open.
  bool is_expired(wall_ms at, wall_ms now) const {
    return exists_ && row_.expires_at == at && at <= now && !active_ && queue_.empty();
  }
  /// Erases what said that it was to expire `at`, when it is not so any more.
  write_batch forget_expiry(wall_ms at) const;

  bool exists() const { return exists_; }
  const tables::conversation_row& row() const { return row_; }
  const std::optional<tables::run_row>& active() const { return active_; }
  const std::deque<tables::input_row>& queue() const { return queue_; }
  const tables::digest& id() const { return id_; }
  /// Active or queued under this id.
  bool has_open(std::string_view run_id) const;

private:
  conversation_logic(tables::conversation_row row, queue_limits limits);

  result<void> check(const submit_input& input) const;
  result<void> check_room(const submit_input& input) const;
  void accept(submitted& to, text_packer& texts, const submit_input& input, const boot_facts& facts,
              wall_ms now);
  void answer_at_once(submitted& to, text_packer& texts, const submit_input& input, wall_ms now);
  bool may_reset() const { return !active_ && (queue_.empty() || !row_.quarantine.empty()); }
  void begin_session();
  error busy_error() const;
  void ensure_exists(wall_ms now);
  void write_busy(write_batch& batch);
  void write_row(write_batch& batch, wall_ms now);
  void write_run(write_batch& batch, const tables::run_row& run);
  /// Ends a decision whose rows were packed with `texts`.
  void write_row(decision& to, text_packer& texts, wall_ms now);
  void add_messages(decision& to, text_packer& texts, new_messages messages, wall_ms now);
  void settle_calls(write_batch& batch, const std::vector<std::string>& calls);
  void open_run(decision& to, text_packer& texts, tables::run_row run,
                const tables::input_row& input, const caller_turn* caller, const boot_facts& facts,
                wall_ms now);
  new_messages messages_of(const tables::input_row& input, const caller_turn* caller) const;
  void set_expiry(write_batch& batch, const submit_input& input, bool existed, wall_ms now);
  void hold_back(submitted& out);
  void close_row(write_batch& batch, tables::run_row run, const run_outcome& outcome);
  void begin_next(decision& to, text_packer& texts, const boot_facts& facts, wall_ms now);

  queue_limits limits_;
  tables::conversation_row row_;
  tables::digest id_{};
  bool exists_ = false;
  bool busy_written_ = false; ///< The busy row is there.
  bool unclaimed_ = false;    ///< The unclaimed row is there, and not for an upload of ours.
  held_back held_;            ///< The first batch of an ephemeral conversation.
  std::optional<tables::run_row> active_;
  std::vector<std::string> open_intents_; ///< Call ids of the active run with an intent row.
  std::deque<tables::input_row> queue_;
  monotonic_stamp stamp_;
};

/// The outcome that a closed run's row and final message tell.
run_outcome outcome_of(const tables::run_row& run, const tables::conversation_row& conversation,
                       std::string final_text);

/// Rows of runs whose memory ended, at most `expired_runs_per_batch` of them.
result<write_batch> expired_runs(const row_snapshot& rows, shard_id shard, wall_ms now);

} // namespace troupe
