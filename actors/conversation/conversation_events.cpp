#include "actors/conversation/conversation_parts.hpp"
#include "actors/conversation/limits.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <utility>

namespace troupe::conversing {

error not_ours() {
  return {errc::unavailable, "this session moves to another replica; send again"};
}

wall_ms now(self_pointer self) {
  return self->state.context->time->now_wall_ms();
}

bool may_act(self_pointer self) {
  return troupe::may_act(*self->state.context, self->state.home);
}

bool still_ours(self_pointer self) {
  if (may_act(self))
    return true;
  self->quit(to_caf(not_ours()));
  return false;
}

std::unique_ptr<row_snapshot> rows(self_pointer self) {
  return self->state.context->log->rows().snapshot();
}

void commit(self_pointer self, std::vector<write_batch> chunks, write_batch batch,
            std::function<void()> then) {
  auto& state = self->state;
  if (!batch.empty() && state.logic->holds()) {
    auto held = state.logic->take_held();
    held.batch.append(std::move(batch));
    batch = std::move(held.batch);
    then = [self, messages = std::move(held.messages), then = std::move(then)] {
      publish_messages(self, 1, messages); // Nobody takes up again what is not in the rows.
      then();
    };
  }
  state.commits.commit(std::move(chunks), std::move(batch), std::move(then));
}

void leave(self_pointer self) {
  if (auto shard = caf::actor_cast<caf::actor>(self->state.shard))
    caf::anon_send(shard, conversation_idle{self->state.key});
}

/// One timer per conversation, however busy it is.
void watch_idleness(self_pointer self) {
  self->state.idleness_watched = true;
  self->delayed_send(self, passivate_after, idle_check{});
}

/// An ephemeral conversation leaves when its run has ended: a timer would keep it in memory.
void note_activity(self_pointer self) {
  auto& state = self->state;
  state.last_active = state.context->time->now_boot();
  if (!state.idleness_watched && state.logic->row().expires_at == 0)
    watch_idleness(self);
}

run_event_ptr event_of(self_pointer self, const std::string& run_id, std::uint32_t attempt,
                       decltype(run_event::what) what) {
  const auto& row = self->state.logic->row();
  auto event = std::make_shared<run_event>();
  event->key = row.key;
  event->agent_id = row.agent_id;
  event->session_id = row.session_id;
  event->run_id = run_id;
  event->attempt = attempt;
  event->at = now(self);
  event->what = std::move(what);
  return event;
}

void publish(self_pointer self, run_event_ptr event) {
  if (may_act(self))
    self->send(self->state.context->sink, std::move(event));
}

void publish(self_pointer self, session_event event) {
  if (may_act(self))
    self->send(self->state.context->sink, std::move(event));
}

void publish_session(self_pointer self, std::string reason, std::string phase, std::string run_id) {
  publish(self, {self->state.logic->row().key,
                 std::move(reason),
                 std::move(phase),
                 std::move(run_id),
                 {},
                 now(self)});
}

tables::chunk_source chunks_in(self_pointer self, const row_snapshot& snapshot) {
  return {snapshot, self->state.home.shard, self->state.logic->id()};
}

namespace {

/// The message with its whole text: that of a queued input was only on the disk.
std::shared_ptr<const tables::message_row>
whole(self_pointer self, const std::shared_ptr<const tables::message_row>& message) {
  if (message->text_chunks.empty())
    return message;
  auto joined = std::make_shared<tables::message_row>(*message);
  const auto snapshot = rows(self);
  if (const auto done = tables::join_texts(*joined, chunks_in(self, *snapshot)); !done) {
    log::error("conversation", "{}: {}", self->state.place.path(), done.error().detail);
    return message; // Its beginning; the run says what is wrong.
  }
  return joined;
}

void tell_waiters(self_pointer self, const std::shared_ptr<const run_outcome>& outcome) {
  auto [first, last] = self->state.waiters.equal_range(outcome->run_id);
  for (auto waiter = first; waiter != last; ++waiter)
    waiter->second.give(*outcome);
  self->state.waiters.erase(first, last);
  auto& stoppers = self->state.stoppers;
  for (const auto& stopper : stoppers)
    if (stopper.run_id == outcome->run_id)
      stopper.told.give(stopper.stopped);
  std::erase_if(stoppers, [&](const auto& each) { return each.run_id == outcome->run_id; });
}

} // namespace

void publish_messages(self_pointer self, std::uint32_t attempt,
                      const std::vector<std::shared_ptr<const tables::message_row>>& messages) {
  for (const auto& message : messages)
    publish(self, event_of(self, message->run_id, attempt,
                           run_event::message_committed{whole(self, message)}));
}

void publish_finished(self_pointer self, std::uint32_t attempt,
                      const std::shared_ptr<const run_outcome>& outcome,
                      const std::vector<std::shared_ptr<const tables::message_row>>& messages) {
  // Whoever stopped it sees at once that it has; what it had said until then follows.
  const auto stopped = outcome->status == tables::run_status::aborted;
  if (!stopped)
    publish_messages(self, attempt, messages);
  publish(self, event_of(self, outcome->run_id, attempt, run_event::finished{outcome}));
  if (stopped)
    publish_messages(self, attempt, messages);
  publish_session(self, "agent.input.settled",
                  outcome->status == tables::run_status::error ? "error" : "end", outcome->run_id);
  tell_waiters(self, outcome);
}

} // namespace troupe::conversing
