#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "persistence/tables/digest.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The rows of a conversation, all in the shard of its key. Formats: docs/formats/tables.md.
///
/// Row keys are table byte + digest of the conversation key + what the table adds, so that a key of
/// 512 characters fits LMDB and one conversation's rows lie together.
namespace troupe::tables {

/// Conversation settings and counters: `conversation_key(d)`.
struct conversation_row {
  std::string key; ///< Canonical: "agent:main:main".
  std::string agent_id;
  std::string session_id; ///< UUID; new after a reset.
  wall_ms created_at = 0;
  wall_ms updated_at = 0;
  std::uint64_t message_seq = 0;  ///< Of the newest message; the first is 1.
  std::uint64_t history_from = 1; ///< First message of the current session (moved by reset).
  std::uint64_t input_order = 0;  ///< Of the newest queued input.
  std::string active_run;         ///< Empty: idle.
  std::string label;
  std::string model;      ///< Override "provider/model"; empty: the agent's.
  std::string last_model; ///< What answered last, "provider/model".
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  std::uint64_t context_tokens = 0; ///< Tokens of the newest model call's prompt and answer.
  std::string quarantine;           ///< Why it is quarantined; empty: it is not.
  std::string last_run;
  std::string last_status; ///< Outcome of `last_run`: "done", "failed", "killed".
  std::string parent_key;
  bool aborted_last_run = false;
  wall_ms archived_at = 0; ///< 0: not archived; the same for those below.
  wall_ms pinned_at = 0;
  wall_ms marked_unread_at = 0; ///< By a user; read again clears it.
  wall_ms last_read_at = 0;
  wall_ms expires_at = 0; ///< Erased then: nobody named it, and nobody came back to it. 0: stays.
};

/// Where the rest of a text is that is too long for its row: in chunk rows of the conversation, in
/// this order. Read with chunked_text.hpp.
struct chunk_refs {
  std::uint64_t bytes = 0; ///< Of all pieces together.
  std::vector<digest> pieces;
  bool empty() const { return pieces.empty(); }
};

enum class message_role : std::uint8_t { user = 1, assistant = 2, tool_result = 3, note = 4 };

/// A tool call inside an assistant message.
template <class Text>
struct basic_tool_call {
  Text id;
  Text name;
  Text arguments;                ///< JSON object text.
  chunk_refs arguments_chunks{}; ///< What follows `arguments`; empty: they are whole.
};

/// One transcript entry: `message_key(d, seq)`. Text: std::string, or std::string_view for a view
/// into the row's bytes.
template <class Text>
struct basic_message {
  std::uint64_t seq = 0;
  Text id; ///< Entry id, 8+ hex characters, unique in the conversation.
  message_role role = message_role::user;
  Text run_id;
  wall_ms at = 0;
  Text text;
  Text thinking;
  std::vector<basic_tool_call<Text>> calls; ///< Assistant only.
  Text call_id;                             ///< Tool result only, with the three below.
  Text tool_name;
  bool is_error = false;
  Text provider; ///< Assistant only, with those below.
  Text model;
  Text api;
  Text stop_reason; ///< "stop", "toolUse", "length", "error", "aborted"
  Text error_message;
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  std::uint64_t cache_read = 0;
  std::uint64_t cache_write = 0;
  Text client_id; ///< User only: who sent it.
  Text client_mode;
  chunk_refs text_chunks;    ///< What follows `text`; empty: it is whole.
  bool context_free = false; ///< A command or its answer: shown, and never part of a prompt.
  /// Assistant only, when it has calls: what the model thought, as its provider wants it back with
  /// their results. Read by the provider API named in `api` alone.
  Text reasoning;
  chunk_refs reasoning_chunks; ///< What follows `reasoning`; empty: it is whole.
  /// First message of a session only: what its caller says was said before
  /// (caller_tables.hpp, `decode_history`).
  Text history;
  chunk_refs history_chunks; ///< What follows `history`; empty: it is whole.
};
using tool_call = basic_tool_call<std::string>;
using message_row = basic_message<std::string>;
using message_view = basic_message<std::string_view>;

/// An accepted input that waits for its turn: `input_key(d, order)`.
struct input_row {
  std::uint64_t order = 0;
  std::string run_id;
  std::string text;
  wall_ms accepted_at = 0;
  std::string client_id;
  std::string client_mode;
  std::string extra_system_prompt;
  std::string model;
  std::uint32_t timeout_s = 0;
  chunk_refs text_chunks;     ///< What follows `text`; empty: it is whole.
  std::string caller_options; ///< caller_tables.hpp.
};

enum class run_state : std::uint8_t { queued = 1, open = 2, closed = 3 };
enum class run_status : std::uint8_t { none = 0, ok = 1, error = 2, aborted = 3 };

/// One run, from its acceptance to 24 h after its end: `run_key(d, digest of run id)`. It is also
/// the dedupe row of its idempotency key, which is the run id.
struct run_row {
  std::string run_id;
  std::string conversation; ///< The canonical key, for lookups by run id alone.
  run_state state = run_state::queued;
  wall_ms accepted_at = 0;
  wall_ms started_at = 0;
  wall_ms ended_at = 0;
  std::uint32_t attempt = 0;      ///< Times it was started or taken up.
  std::uint64_t attempt_boot = 0; ///< Boot of the store in which the attempt runs.
  std::uint32_t crashes = 0;      ///< Crash-caused attempts since its last step.
  std::uint32_t steps = 0;        ///< Committed batches that moved it forward.
  std::uint32_t model_calls = 0;  ///< Counted each time, also those that a crash repeated.
  std::uint64_t first_seq = 0;    ///< Its first message: the user's, or a caller's tool results.
  std::uint64_t input_order = 0;  ///< While queued.
  run_status status = run_status::none;
  std::string stop_reason;
  std::string error;
  std::string error_kind;
  std::uint64_t final_seq = 0; ///< Its last assistant message; 0: none.
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  std::string provider;
  std::string model;
  std::vector<std::string> tools_used;
  std::string extra_system_prompt;
  std::string model_override;
  std::uint32_t timeout_s = 0;
  std::string caller_options; ///< While it is open: caller_tables.hpp.
};

enum class effect_class : std::uint8_t { pure = 1, repeatable = 2, once = 3 };

/// The intent of one non-pure tool call, written before it may start: `intent_key(d, run, call)`.
/// It is erased by the batch that records the outcome.
struct intent_row {
  std::string run_id;
  std::string call_id;
  std::string tool;
  std::string arguments; ///< Their beginning; the whole is in the message that asked.
  effect_class effect = effect_class::repeatable;
  std::uint32_t attempt = 0; ///< The attempt that wrote it.
  wall_ms at = 0;
};

std::string conversation_key(const digest& conversation);
std::string conversation_prefix(); ///< All conversations of a shard.
std::string message_key(const digest& conversation, std::uint64_t seq);
std::string message_prefix(const digest& conversation);
std::string input_key(const digest& conversation, std::uint64_t order);
std::string input_prefix(const digest& conversation);
std::string run_key(const digest& conversation, std::string_view run_id);
std::string run_prefix(const digest& conversation);
std::string intent_key(const digest& conversation, std::string_view run_id,
                       std::string_view call_id);
std::string intent_prefix(const digest& conversation, std::string_view run_id);
/// Finds a run's conversation without its key; the value is the `run_key`.
std::string run_index_key(std::string_view run_id);
/// Orders closed runs by when they may be forgotten; the value is the `run_key`.
std::string expiry_key(wall_ms expires_at, std::string_view run_id);
std::string expiry_prefix();
/// Orders conversations that expire by when they do; the value is the conversation's key.
std::string ephemeral_key(wall_ms expires_at, const digest& conversation);
std::string ephemeral_prefix();
/// The time inside an `ephemeral_key`.
wall_ms ephemeral_time(std::string_view ephemeral_key);
/// Present while the conversation has an open run or queued inputs; the value is its key. What a
/// new leader must take up.
std::string busy_key(const digest& conversation);
std::string busy_prefix();
/// One piece of a long text.
std::string chunk_key(const digest& conversation, const digest& piece);
std::string chunk_prefix(const digest& conversation);
/// Errors: `corrupt`.
result<digest> chunk_of_key(std::string_view chunk_key);
/// Present while there may be chunks that no row refers to; the value is the conversation's key.
std::string unclaimed_key(const digest& conversation);
/// The time inside an expiry key, and the run index key of the run it forgets.
wall_ms expiry_time(std::string_view expiry_key);
std::string expired_index_key(std::string_view expiry_key);

std::string encode(const conversation_row& row);
std::string encode(const message_row& row);
std::string encode(const input_row& row);
std::string encode(const run_row& row);
std::string encode(const intent_row& row);

/// Errors: `corrupt`, also for a version newer than this build reads.
result<conversation_row> decode_conversation(std::string_view bytes);
result<message_row> decode_message(std::string_view bytes);
/// The same without copying a text: lives as long as `bytes`.
result<message_view> view_message(std::string_view bytes);
result<input_row> decode_input(std::string_view bytes);
result<run_row> decode_run(std::string_view bytes);
result<intent_row> decode_intent(std::string_view bytes);

} // namespace troupe::tables
