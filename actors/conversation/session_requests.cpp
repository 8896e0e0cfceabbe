#include "actors/conversation/conversation_parts.hpp"
#include "base/random.hpp"

#include <utility>

namespace troupe::conversing {
namespace {

void publish_compaction(self_pointer self, const std::string& operation_id, bool ended,
                        bool completed) {
  session_event event;
  event.key = self->state.logic->row().key;
  event.at = now(self);
  event.operation_id = operation_id;
  event.operation_ended = ended;
  event.operation_completed = completed;
  if (completed)
    event.reason = "compact";
  publish(self, std::move(event));
}

void compact(self_pointer self, const answer<session_compacted>& told, std::uint64_t lines_max) {
  auto& state = self->state;
  auto decided = state.logic->compact(*rows(self), state.home.shard, lines_max, now(self));
  if (!decided) {
    told.give(decided.error());
    return;
  }
  const auto operation_id = random_uuid();
  publish_compaction(self, operation_id, false, false);
  commit(self, {}, std::move(decided.value().batch),
         [self, told, operation_id, outcome = decided.value().told] {
           publish_compaction(self, operation_id, true, outcome.compacted);
           told.give(outcome);
         });
}

/// `told` hears whether there was anything, after the last commit.
void erase_session(self_pointer self, const std::function<void(result<bool>)>& told) {
  auto& state = self->state;
  const bool existed = state.logic->exists();
  const auto key = state.logic->row().key;
  const auto session_id = state.logic->row().session_id;
  auto batches = state.logic->erase(*rows(self), state.home.shard);
  if (!batches) {
    told(batches.error());
    return;
  }
  for (auto& batch : batches.value())
    commit(self, {}, std::move(batch), [] {});
  commit(self, {}, {}, [=] {
    told(existed);
    if (existed)
      publish(self, session_event{key, "delete", {}, {}, session_id, now(self)});
  });
}

void sweep(self_pointer self) {
  auto& state = self->state;
  if (!state.logic->needs_sweep() || !state.commits.idle())
    return; // Erased with the session, or looked at again when all is settled.
  auto batches = state.logic->sweep(*rows(self), state.home.shard);
  if (!batches) {
    state.sweep_failed = true;
    log::error("conversation", "{}: its unclaimed chunks stay: {}", state.place.path(),
               batches.error().detail);
    return;
  }
  for (auto& batch : batches.value())
    state.commits.commit(std::move(batch), [] {});
}

caf::result<session_written> write_session(self_pointer self,
                                           result<conversation_logic::decision> decided,
                                           std::string reason, bool created) {
  if (!decided)
    return to_caf(decided.error());
  const answer<session_written> written{self};
  auto& next = decided.value();
  const bool changed = !next.batch.empty();
  auto chunks = std::exchange(next.chunks, {});
  auto batch = std::exchange(next.batch, {});
  commit(self, std::move(chunks), std::move(batch),
         [self, written, created, changed, reason = std::move(reason), next = std::move(next),
          row = self->state.logic->row()] {
           written.give(session_written{row, created});
           if (changed)
             publish_session(self, reason);
           after_decision(self, next);
         });
  return written.later();
}

} // namespace

caf::result<session_written> on_create(self_pointer self, const create_session& wanted) {
  note_activity(self);
  const bool created = !self->state.logic->exists();
  return write_session(self, self->state.logic->create(wanted, now(self)), "create", created);
}

caf::result<session_written> on_reset(self_pointer self, const reset_session& wanted) {
  note_activity(self);
  return write_session(self, self->state.logic->reset(self->state.context->boot, now(self)),
                       wanted.reason.empty() ? "reset" : wanted.reason, false);
}

caf::result<session_written> on_patch(self_pointer self, const patch_session& wanted) {
  note_activity(self);
  return write_session(self, self->state.logic->patch(wanted, now(self)), "patch", false);
}

caf::result<session_written> on_release(self_pointer self) {
  note_activity(self);
  self->state.place.enter("idle");
  return write_session(self, self->state.logic->release(self->state.context->boot, now(self)),
                       "release", false);
}

/// What is on its way to the rows arrives first.
caf::result<session_compacted> on_compact(self_pointer self, const compact_session& wanted) {
  note_activity(self);
  const answer<session_compacted> told{self};
  self->state.commits.commit(
      {}, [self, told, lines_max = wanted.lines_max] { compact(self, told, lines_max); });
  return told.later();
}

caf::result<session_deleted> on_delete(self_pointer self) {
  note_activity(self);
  const answer<session_deleted> deleted{self};
  // What is still on its way to the rows must be there to be erased.
  self->state.commits.commit({}, [self, deleted] {
    erase_session(self, [deleted](result<bool> existed) {
      if (existed)
        deleted.give(session_deleted{existed.value()});
      else
        deleted.give(existed.error());
    });
  });
  return deleted.later();
}

void on_expire(self_pointer self, wall_ms at) {
  self->state.commits.commit({}, [self, at] {
    const auto& logic = *self->state.logic;
    if (logic.is_expired(at, now(self)))
      erase_session(self, [self](const result<bool>&) { leave(self); });
    else if (logic.row().expires_at != at)
      commit(self, {}, logic.forget_expiry(at), [self] { leave(self); });
  });
}

void sweep_if_due(self_pointer self) {
  auto& state = self->state;
  if (!state.sweep_failed && state.logic->needs_sweep() && state.commits.idle())
    state.commits.commit(state.logic->announce_sweep(), [self] { sweep(self); });
}

} // namespace troupe::conversing
