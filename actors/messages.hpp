#pragma once

#include "actors/support/credit.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "persistence/tables/caller_tables.hpp"
#include "persistence/tables/conversation_tables.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// Every message between actors of one node. None of them can be serialised, on purpose: what
/// leaves the process travels as versioned msgpack in the peer envelope of `cluster/transport`.
/// Payloads that are large or shared are held by pointer, because CAF copies messages that several
/// actors hold.
namespace troupe {

// ---- to a conversation, through the router --------------------------------------------------

/// What a command does with its input, before or instead of a run.
struct input_command {
  std::string resets; ///< "new" or "reset": a new session id first, as sessions.reset.
  std::optional<std::string> model; ///< The session's model from now on; empty: the agent's again.
  std::string reply;                ///< The answer, without a model; empty: the input's text runs.
};

/// The result of a function that a caller ran: it answers a call of an earlier run.
struct caller_result {
  std::string call_id;
  std::string name;
  std::string text;
};

/// What a caller of the HTTP API sends along with its input.
struct caller_turn {
  /// What was said before, by its account. Counts only in a session without messages.
  std::vector<tables::told_message> history;
  std::vector<caller_result> results;
  tables::caller_options options;
};

/// One user input (`chat.send`, `agent`). `key` is canonical. Answered with `input_receipt` after
/// the commit. Errors: `overloaded` (queue full, storage high), `unavailable` (not led here,
/// outcome not known: the same run id may be sent again), `forbidden` (quarantined; the detail says
/// why), `invalid_argument`.
struct submit_input {
  std::string key;
  std::string run_id; ///< = the client's idempotency key.
  std::string text;
  std::string client_id;
  std::string client_mode;
  std::string extra_system_prompt;
  std::string model;           ///< "provider/model" for this run only; empty: as configured.
  std::uint32_t timeout_s = 0; ///< 0: the agent's.
  credit place;                ///< The sender's right to this much of the node's work.
  bool tells_phases = true;    ///< Whoever sees the run also sees how it gets ready.
  std::optional<input_command> command{};      ///< Done with the input's commit, so never twice.
  std::shared_ptr<const caller_turn> caller{}; ///< May be null. With results, `text` may be empty.
  /// Nobody named the conversation: it expires, and its first batch waits for the second one, so
  /// that a plain answer is one commit (architecture 5.7). The receipt is then no promise.
  bool ephemeral = false;
};

/// Stop reason of a run whose caller is to run tools: they are in `run_outcome::calls`.
inline constexpr const char* callers_turn = "tool_calls";

/// How a finished run ended; also what `agent.wait` and duplicate keys answer.
struct run_outcome {
  std::string run_id;
  std::string key;
  std::string agent_id;
  std::string session_id;
  tables::run_status status = tables::run_status::none; ///< none: still queued or running.
  std::string stop_reason; ///< "stop", "length", "rpc", "timeout", "error"
  std::string error;
  std::string error_kind; ///< protocol.md section 5, chat error.
  std::string text;       ///< The final visible answer.
  std::string provider;
  std::string model;
  std::vector<std::string> tools_used;
  wall_ms accepted_at = 0;
  wall_ms started_at = 0;
  wall_ms ended_at = 0;
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  std::uint64_t cache_read = 0;
  std::uint64_t cache_write = 0;
  bool at_once = false; ///< A command's answer: no run, no model.
  /// What the caller is to run, when `stop_reason` is `callers_turn`.
  std::vector<tables::tool_call> calls{};
};

enum class receipt_kind { started, in_flight, finished };

struct input_receipt {
  receipt_kind kind = receipt_kind::started;
  std::string run_id;
  std::string key;
  std::string agent_id;
  wall_ms accepted_at = 0;
  bool queued = false;                        ///< Another run is active; this one follows.
  std::shared_ptr<const run_outcome> outcome; ///< When finished.
};

/// Asks for the outcome of a run, whenever it comes: the answer is delayed until the run is closed.
/// Errors: `not_found`.
struct await_run {
  std::string key;
  std::string run_id;
};

/// Stops queued inputs first, then the active run; an empty `run_id` means all of them. Partial
/// text stays in the transcript.
struct abort_runs {
  std::string key;
  std::string run_id;
  std::string reason = "rpc";
};
struct aborted_runs {
  std::vector<std::string> run_ids;
};

/// `sessions.create`: makes the conversation's row; an existing one is answered as it is.
struct create_session {
  std::string key;
  std::string label;
  std::string model;
  std::string parent_key;
};
/// `sessions.reset`: a new session id, the old messages no longer in context.
/// Errors: `unavailable` while a run is active.
struct reset_session {
  std::string key;
  std::string reason;
};
/// `sessions.patch`: changes what is set and leaves the rest; makes the conversation's row if there
/// is none. An empty text clears. Errors: `invalid_argument` (also: another session id than
/// expected).
struct patch_session {
  std::string key;
  std::string expected_session_id; ///< Empty: whichever it is.
  std::optional<std::string> label;
  std::optional<std::string> model;
  std::optional<bool> archived;
  std::optional<bool> pinned;
  std::optional<bool> unread;
  /// `unread = false` holds only while the mark is this one; 0: while there is none.
  std::optional<wall_ms> expected_marked_unread_at;
};
/// `sessions.compact` with `maxLines`: only the newest messages stay in context and history, from a
/// user's message on. Errors: `unavailable` while a run is active.
struct compact_session {
  std::string key;
  std::uint64_t lines_max = 0; ///< 0: summarise instead.
};
struct session_compacted {
  bool compacted = false;
  std::uint64_t kept = 0;
  std::string reason; ///< Why nothing was compacted.
};
/// `sessions.delete`: erases the conversation's rows. Errors: `unavailable` while a run is active.
struct delete_session {
  std::string key;
};
/// An operator's release of a quarantined conversation.
struct release_session {
  std::string key;
};
/// To a conversation whose time has come: erases it, unless it has been used since.
struct expire_session {
  std::string key;
  wall_ms at = 0; ///< The time that it was to expire at.
};
/// What create, reset and release answer.
struct session_written {
  tables::conversation_row row;
  bool created = false;
};
struct session_deleted {
  bool deleted = false;
};

// ---- what happens in a run, for whoever watches ------------------------------------------------

/// Facts of a run as it goes on. `front` turns them into the protocol's events. Text is
/// offset-based, so that a receiver notices what it missed.
struct run_event_kinds {
  struct accepted {
    bool queued = false;
    bool tells_phases = true; ///< Else `phase` is not told on.
  };
  struct phase {
    const char* name = ""; ///< "preparing_workspace", "starting_model" (protocol.md section 5)
  };
  struct started {
    wall_ms started_at = 0;
  };
  struct model_selected {
    std::string provider;
    std::string model;
  };
  struct text_delta {
    std::uint64_t offset = 0; ///< Bytes of this answer already sent.
    std::string text;
    bool replace = false; ///< First delta of a new attempt: forget what an earlier one said.
  };
  struct usage {
    std::uint64_t output_tokens = 0;
  };
  struct message_committed {
    std::shared_ptr<const tables::message_row> row;
  };
  struct tool_started {
    std::string call_id;
    std::string name;
    std::string arguments;
    wall_ms started_at = 0;
  };
  struct tool_finished {
    std::string call_id;
    std::string name;
    std::string result;
    bool is_error = false;
    wall_ms started_at = 0;
    wall_ms ended_at = 0;
  };
  struct model_retry {
    unsigned attempt = 0;
    unsigned attempts_max = 0;
    std::chrono::milliseconds delay{};
    std::string reason;
    std::string message;
  };
  struct finished {
    std::shared_ptr<const run_outcome> outcome;
  };
};
struct run_event : run_event_kinds {
  std::string key;
  std::string agent_id;
  std::string session_id;
  std::string run_id;
  std::uint32_t attempt = 1;
  std::uint32_t n = 0; ///< Counts the events of this attempt from 1: seq = attempt × 1,000,000 + n.
  wall_ms at = 0;
  std::variant<accepted, phase, started, model_selected, text_delta, usage, message_committed,
               tool_started, tool_finished, model_retry, finished>
      what;
};
using run_event_ptr = std::shared_ptr<const run_event>;

/// A conversation's row changed. `reason`: protocol.md section 5, `sessions.changed`.
struct session_event {
  std::string key;
  std::string reason; ///< "create", "send", "reset", "delete", "agent.run.started", …
  std::string phase;  ///< "start", "end", "error": then `run_id` is set.
  std::string run_id;
  std::string deleted_session_id;
  wall_ms at = 0;
  std::string operation_id{}; ///< A compaction begins or ends: `session.operation`.
  bool operation_ended = false;
  bool operation_completed = false;
};

// ---- between a run and its parts
// -----------------------------------------------------------------

/// From the log's thread to the actor that proposed.
struct proposal_settled {
  std::uint64_t ticket = 0;
  int status = 0; ///< proposal_status
  std::uint64_t index = 0;
};

// ---- handles
// -------------------------------------------------------------------------------------

/// The one door to conversations: finds the shard's leader and delegates. Request timeouts are the
/// caller's.
using router_actor = caf::typed_actor<caf::replies_to<submit_input>::with<input_receipt>,
                                      caf::replies_to<await_run>::with<run_outcome>,
                                      caf::replies_to<abort_runs>::with<aborted_runs>,
                                      caf::replies_to<create_session>::with<session_written>,
                                      caf::replies_to<reset_session>::with<session_written>,
                                      caf::replies_to<patch_session>::with<session_written>,
                                      caf::replies_to<compact_session>::with<session_compacted>,
                                      caf::replies_to<delete_session>::with<session_deleted>,
                                      caf::replies_to<release_session>::with<session_written>>;

/// Where runs and conversations tell what happens; the front fans out to clients.
using event_sink_actor =
    caf::typed_actor<caf::reacts_to<run_event_ptr>, caf::reacts_to<session_event>>;

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::submit_input)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::input_receipt)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::await_run)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::run_outcome)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::abort_runs)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::aborted_runs)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::create_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::reset_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::delete_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::release_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::expire_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::patch_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::compact_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::session_compacted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::session_written)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::session_deleted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::run_event_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::session_event)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::proposal_settled)
