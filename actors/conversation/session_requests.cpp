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
  state.commits.commit(std::move(decided.value().batch),
                       [self, told, operation_id, outcome = decided.value().told] {
                         told.give(outcome);
                         publish_compaction(self, operation_id, true, outcome.compacted);
                       });
}

void erase_session(self_pointer self, const answer<session_deleted>& deleted) {
  auto& state = self->state;
  const bool existed = state.logic->exists();
  const auto key = state.logic->row().key;
  const auto session_id = state.logic->row().session_id;
  auto batches = state.logic->erase(*rows(self), state.home.shard);
  if (!batches) {
    deleted.give(batches.error());
    return;
  }
  for (auto& batch : batches.value())
    state.commits.commit(std::move(batch), [] {});
  state.commits.commit({}, [=] {
    deleted.give(session_deleted{existed});
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

} // namespace

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
  self->state.commits.commit(std::move(chunks), std::move(batch),
                             [self, written, created, changed, reason = std::move(reason),
                              next = std::move(next), row = self->state.logic->row()] {
                               written.give(session_written{row, created});
                               if (changed)
                                 publish_session(self, reason);
                               after_decision(self, next);
                             });
  return written.later();
}

/// What is on its way to the rows arrives first.
caf::result<session_compacted> on_compact(self_pointer self, const compact_session& wanted) {
  const answer<session_compacted> told{self};
  self->state.commits.commit(
      {}, [self, told, lines_max = wanted.lines_max] { compact(self, told, lines_max); });
  return told.later();
}

caf::result<session_deleted> on_delete(self_pointer self) {
  const answer<session_deleted> deleted{self};
  // What is still on its way to the rows must be there to be erased.
  self->state.commits.commit({}, [self, deleted] { erase_session(self, deleted); });
  return deleted.later();
}

void sweep_if_due(self_pointer self) {
  auto& state = self->state;
  if (!state.sweep_failed && state.logic->needs_sweep() && state.commits.idle())
    state.commits.commit(state.logic->announce_sweep(), [self] { sweep(self); });
}

} // namespace troupe::conversing
