#pragma once

#include "actors/conversation/conversation.hpp"
#include "actors/support/observed.hpp"
#include "persistence/tables/chunked_text.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

/// The conversation actor's own parts; nobody else includes this. All is called from within the
/// actor.
namespace troupe::conversing {

using self_pointer = typed_self<conversation_actor, conversation_state>;

/// What is answered when the shard is led elsewhere.
error not_ours();
wall_ms now(self_pointer self);
bool may_act(self_pointer self);
/// False: the lease has lapsed, and what was just committed must not be acted on here. The actor
/// ends; whoever leads goes on from the rows.
bool still_ours(self_pointer self);
std::unique_ptr<row_snapshot> rows(self_pointer self);
tables::chunk_source chunks_in(self_pointer self, const row_snapshot& snapshot);

/// Has the batches committed, the one that refers to chunks behind them. What an earlier decision
/// held back goes in front of `batch`.
void commit(self_pointer self, std::vector<write_batch> chunks, write_batch batch,
            std::function<void()> then);
/// A timer looks from now on whether the conversation may leave memory.
void watch_idleness(self_pointer self);
/// Somebody asks for something. An ephemeral conversation that only answers its caller is not
/// watched.
void note_activity(self_pointer self);
/// Asks the shard to be let out of memory.
void leave(self_pointer self);

// What is told after a commit (conversation_events.cpp). Without a lease nothing is.
run_event_ptr event_of(self_pointer self, const std::string& run_id, std::uint32_t attempt,
                       decltype(run_event::what) what);
void publish(self_pointer self, run_event_ptr event);
void publish(self_pointer self, session_event event);
void publish_session(self_pointer self, std::string reason, std::string phase = {},
                     std::string run_id = {});
void publish_messages(self_pointer self, std::uint32_t attempt,
                      const std::vector<std::shared_ptr<const tables::message_row>>& messages);
/// Also answers whoever waits for the run or has stopped it. `messages`: those that end it.
void publish_finished(self_pointer self, std::uint32_t attempt,
                      const std::shared_ptr<const run_outcome>& outcome,
                      const std::vector<std::shared_ptr<const tables::message_row>>& messages = {});

/// What a decision that may have begun a run leads to, after its commit (conversation.cpp).
void after_decision(self_pointer self, const conversation_logic::decision& decided);

// What is asked of the session as a whole (session_requests.cpp).
caf::result<session_written> on_create(self_pointer self, const create_session& wanted);
caf::result<session_written> on_reset(self_pointer self, const reset_session& wanted);
caf::result<session_written> on_patch(self_pointer self, const patch_session& wanted);
caf::result<session_written> on_release(self_pointer self);
caf::result<session_compacted> on_compact(self_pointer self, const compact_session& wanted);
caf::result<session_deleted> on_delete(self_pointer self);
/// The conversation was to expire at that time.
void on_expire(self_pointer self, wall_ms at);
/// Erases the chunks that no row refers to, at a moment without proposals on their way.
void sweep_if_due(self_pointer self);

} // namespace troupe::conversing
