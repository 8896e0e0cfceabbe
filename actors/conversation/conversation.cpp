#include "actors/conversation/conversation.hpp"

#include "actors/conversation/conversation_parts.hpp"
#include "actors/conversation/limits.hpp"
#include "actors/conversation/run.hpp"
#include "actors/support/reply.hpp"
#include "persistence/tables/chunked_text.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>

#include <utility>

namespace troupe {
namespace {

using namespace conversing;
using tables::run_status;

/// Has the decision's batches committed, the one that refers to chunks behind them.
void commit(self_pointer self, conversation_logic::decision& decided, std::function<void()> then) {
  conversing::commit(self, std::exchange(decided.chunks, {}), std::exchange(decided.batch, {}),
                     std::move(then));
}

// ---- the active run
// ------------------------------------------------------------------------------

/// `transcript`: of a session that is not in the rows yet; else empty.
void start_run(self_pointer self, std::vector<tables::message_row> transcript = {}) {
  auto& state = self->state;
  state.place.enter("running");
  ++state.runs_started;
  if (!state.run_counted) {
    state.context->runs_active->fetch_add(1);
    state.run_counted = {nullptr,
                         [counter = state.context->runs_active](void*) { counter->fetch_sub(1); }};
  }
  state.stopping.reset();
  run_seed seed{*state.logic->active(), state.logic->row(),
                fmt::format("{}/run/{}", state.place.path(), state.logic->active()->run_id),
                std::move(transcript)};
  state.run = self->spawn(run, state.context, state.home, std::move(seed),
                          caf::actor_cast<caf::actor>(self));
  self->monitor(state.run);
}

} // namespace

void conversing::after_decision(self_pointer self, const conversation_logic::decision& decided) {
  const auto& active = self->state.logic->active();
  if (!decided.held)
    publish_messages(self, active ? active->attempt : 1, decided.messages);
  if (decided.start_run && active) {
    self->state.run_restarts.emplace(restart_limits{.restarts_max = crashes_max});
    std::vector<tables::message_row> transcript;
    if (decided.held)
      for (const auto& message : decided.messages)
        transcript.push_back(*message);
    start_run(self, std::move(transcript));
  }
}

namespace {

void end_run_actor(self_pointer self) {
  auto& state = self->state;
  if (!state.run)
    return;
  self->demonitor(state.run);
  self->send_exit(state.run, caf::exit_reason::user_shutdown);
  state.run = nullptr;
}

void close_active(self_pointer self, close_run end) {
  auto& state = self->state;
  const auto attempt = state.logic->active()->attempt;
  const auto expired = expired_runs(*rows(self), state.home.shard, now(self));
  auto decided =
      state.logic->close(std::move(end.messages), std::move(end.outcome), end.settled_calls,
                         state.context->boot, now(self), expired ? expired.value() : write_batch{});
  state.stopping.reset();
  end_run_actor(self);
  state.place.enter("committing");
  auto chunks = std::exchange(decided.chunks, {});
  auto batch = std::exchange(decided.batch, {});
  conversing::commit(self, std::move(chunks), std::move(batch), [self, attempt, decided] {
    // The closed run's own messages come before its end, those of the next run after it.
    auto own = decided;
    conversation_logic::decision next;
    next.start_run = decided.start_run;
    std::erase_if(own.messages, [&](const auto& message) {
      const bool others = message->run_id != decided.outcome->run_id;
      if (others)
        next.messages.push_back(message);
      return others;
    });
    if (!still_ours(self))
      return;
    publish_finished(self, attempt, decided.outcome, own.messages);
    self->state.place.enter("idle");
    after_decision(self, next);
    if (next.start_run)
      return;
    self->state.run_counted.reset();
    if (self->state.logic->row().expires_at != 0)
      leave(self); // Hardly anybody comes back to it.
  });
}

void on_close(self_pointer self, close_run& end) {
  const auto& active = self->state.logic->active();
  if (active && active->attempt == end.attempt)
    close_active(self, std::move(end));
}

void on_step(self_pointer self, record_step& step) {
  auto& state = self->state;
  const auto& active = state.logic->active();
  if (!active || active->attempt != step.attempt)
    return;
  auto decided = state.logic->record_step(std::move(step.messages), step.intents,
                                          step.settled_calls, now(self));
  commit(self, decided, [self, messages = std::move(decided.messages), run = state.run] {
    if (run && may_act(self))
      caf::anon_send(run, step_recorded{messages});
  });
}

void take_over(self_pointer self, takeover_cause cause) {
  auto& state = self->state;
  if (!state.logic->active())
    return;
  auto decided = state.logic->take_over(cause, state.context->boot, now(self));
  const auto attempt = state.logic->active() ? state.logic->active()->attempt : 1;
  state.place.enter("taking over");
  conversing::commit(self, {}, std::move(decided.batch), [self, decided, attempt] {
    if (decided.quarantined) {
      log::error("conversation", "{}", decided.quarantined->error);
      self->state.place.enter("quarantined");
      self->state.run_counted.reset();
      publish_finished(self, attempt, decided.quarantined);
    } else {
      start_run(self);
    }
  });
}

/// The run's actor failed: one more attempt after a pause, or quarantine.
void on_run_down(self_pointer self, const caf::down_msg& down) {
  auto& state = self->state;
  if (!state.run || down.source != state.run.address())
    return;
  state.run = nullptr;
  if (!state.logic->active())
    return;
  const auto& run_id = state.logic->active()->run_id;
  const auto path = fmt::format("{}/run/{}", state.place.path(), run_id);
  state.context->registry->note_restart(path, caf::to_string(down.reason));
  log::warn("conversation", "{} failed: {}", path, caf::to_string(down.reason));
  const auto pause = state.run_restarts->on_failure(state.context->time->now_boot(), state.random);
  self->delayed_send(self, pause.value_or(std::chrono::milliseconds{0}),
                     restart_run{state.runs_started, from_caf(down.reason).code == errc::unavailable
                                                         ? takeover_cause::planned
                                                         : takeover_cause::actor_failed});
}

// ---- requests
// ------------------------------------------------------------------------------------

/// The outcome of a run that is closed in the rows.
result<std::shared_ptr<const run_outcome>> stored_outcome(self_pointer self,
                                                          const tables::run_row& run) {
  tables::message_row message;
  const auto& logic = *self->state.logic;
  if (run.final_seq > 0) {
    const auto snapshot = rows(self);
    TR_TRY(auto bytes,
           snapshot->get(self->state.home.shard, tables::message_key(logic.id(), run.final_seq)));
    if (bytes) {
      TR_TRY(message, tables::decode_message(*bytes));
      TR_TRY(tables::join_texts(message, chunks_in(self, *snapshot)));
    }
  }
  auto outcome = outcome_of(run, logic.row(), std::move(message.text));
  if (outcome.stop_reason == callers_turn)
    outcome.calls = std::move(message.calls);
  return std::make_shared<const run_outcome>(std::move(outcome));
}

result<std::optional<tables::run_row>> stored_run(self_pointer self, const std::string& run_id) {
  TR_TRY(auto bytes,
         rows(self)->get(self->state.home.shard, tables::run_key(self->state.logic->id(), run_id)));
  if (!bytes)
    return std::optional<tables::run_row>{};
  TR_TRY(auto run, tables::decode_run(*bytes));
  return std::optional<tables::run_row>{std::move(run)};
}

caf::result<input_receipt> take_up(self_pointer self, const submit_input& input) {
  auto& state = self->state;
  const auto known = stored_run(self, input.run_id);
  if (!known)
    return to_caf(known.error());
  if (!known.value() && !state.logic->has_open(input.run_id) &&
      state.context->log->pressure() != storage_pressure::none)
    return to_caf({errc::overloaded,
                   "the gateway's disk is nearly full: no new messages until there is room again"});
  state.logic->limit_queue({state.context->config->values.queue.cap});
  auto decided = state.logic->submit(input, known.value(), state.context->boot, now(self));
  if (!decided)
    return to_caf(decided.error());
  auto& step = decided.value();
  if (step.receipt.kind == receipt_kind::finished) {
    auto outcome = stored_outcome(self, *known.value());
    if (!outcome)
      return to_caf(outcome.error());
    step.receipt.outcome = std::move(outcome.value());
  }
  const answer<input_receipt> receipt{self};
  auto chunks = std::exchange(step.chunks, {});
  auto batch = std::exchange(step.batch, {});
  if (step.answered)
    if (const auto expired = expired_runs(*rows(self), state.home.shard, now(self)))
      batch.append(expired.value());
  const auto resets = input.command ? input.command->resets : std::string{};
  const auto told = [self, receipt, step, resets, tells_phases = input.tells_phases,
                     place = input.place] {
    if (!still_ours(self))
      return;
    receipt.give(step.receipt);
    if (step.receipt.kind != receipt_kind::started)
      return;
    publish(self, event_of(self, step.receipt.run_id, 1,
                           run_event::accepted{step.receipt.queued, tells_phases}));
    if (!step.held) {
      publish_session(self, resets.empty() ? "send" : resets);
      publish_session(self, "participants");
    }
    after_decision(self, step);
    if (step.answered)
      publish_finished(self, 1, step.answered);
  };
  conversing::commit(self, std::move(chunks), std::move(batch), told);
  return receipt.later();
}

caf::result<input_receipt> on_submit(self_pointer self, const submit_input& input) {
  auto receipt = take_up(self, input);
  note_activity(self);
  return receipt;
}

caf::result<run_outcome> on_await(self_pointer self, const await_run& wanted) {
  note_activity(self);
  auto& state = self->state;
  if (state.waiters.size() >= waiters_max)
    return to_caf({errc::overloaded, "too many wait for this session's runs already"});
  const answer<run_outcome> outcome{self};
  if (state.logic->has_open(wanted.run_id)) {
    state.waiters.emplace(wanted.run_id, outcome);
    return outcome.later();
  }
  // A closing batch may still be on its way: look when it has arrived.
  state.commits.commit({}, [self, outcome, run_id = wanted.run_id] {
    const auto run = stored_run(self, run_id);
    if (!run)
      outcome.give(run.error());
    else if (!run.value())
      outcome.give(error{errc::not_found, fmt::format("no run {}", run_id)});
    else if (const auto stored = stored_outcome(self, *run.value()))
      outcome.give(*stored.value());
    else
      outcome.give(stored.error());
  });
  return outcome.later();
}

caf::result<aborted_runs> on_abort(self_pointer self, const abort_runs& wanted) {
  note_activity(self);
  auto& state = self->state;
  if (state.stoppers.size() >= waiters_max)
    return to_caf({errc::overloaded, "too many wait for the end of this session's run already"});
  auto decided = state.logic->abort(wanted.run_id, wanted.reason, now(self));
  aborted_runs stopped;
  for (const auto& outcome : decided.withdrawn)
    stopped.run_ids.push_back(outcome->run_id);
  if (decided.stop_active) {
    stopped.run_ids.push_back(state.logic->active()->run_id);
    const stop_run stop{run_status::aborted, wanted.reason, {}};
    if (!state.stopping && state.run) {
      state.stopping = stop;
      caf::anon_send(state.run, stop);
      self->delayed_send(self, stop_grace, stop_overdue{state.runs_started});
    }
  }
  const answer<aborted_runs> told{self};
  // Answered when it has ended, which `stop_grace` bounds: the asker may count on it.
  if (decided.stop_active)
    state.stoppers.push_back({state.logic->active()->run_id, told, stopped});
  conversing::commit(
      self, {}, std::move(decided.batch),
      [self, told, stopped, waits = decided.stop_active, withdrawn = std::move(decided.withdrawn)] {
        for (const auto& outcome : withdrawn)
          publish_finished(self, 1, outcome);
        if (!waits)
          told.give(stopped);
      });
  return told.later();
}

/// The active run did not close itself in time: it is ended and closed for it, without its text.
void on_stop_overdue(self_pointer self, const stop_overdue& timer) {
  auto& state = self->state;
  if (!state.stopping || timer.runs_started != state.runs_started || !state.logic->active())
    return;
  log::warn("conversation", "{}: the run did not stop in time and is ended", state.place.path());
  close_run end;
  end.outcome.status = state.stopping->status;
  end.outcome.stop_reason = state.stopping->reason;
  close_active(self, std::move(end));
}

// ---- leaving memory
// --------------------------------------------------------------------------------

bool at_rest(self_pointer self) {
  const auto& state = self->state;
  return !state.run && state.commits.idle() && state.waiters.empty() && !state.logic->active();
}

void on_idle_check(self_pointer self) {
  watch_idleness(self);
  const auto idle = self->state.context->time->now_boot() - self->state.last_active;
  if (idle < passivate_after || !at_rest(self))
    return;
  leave(self);
}

result<void> load(self_pointer self, std::string agent_id) {
  auto& state = self->state;
  const auto cap = state.context->config->values.queue.cap;
  TR_TRY(state.logic, conversation_logic::load(*rows(self), state.home.shard, state.key,
                                               std::move(agent_id), queue_limits{cap}));
  return boost::outcome_v2::success();
}

} // namespace

conversation_actor::behavior_type conversation(self_pointer self, conversation_context_ptr context,
                                               shard_place home, std::string key,
                                               std::string agent_id, takeover_cause cause,
                                               caf::actor_addr shard) {
  auto& state = self->state;
  state.place = self->observe(context->registry, fmt::format("{}/conversation/{}", home.path, key),
                              "conversation");
  state.place.enter("idle");
  state.context = std::move(context);
  state.home = std::move(home);
  state.shard = std::move(shard);
  state.key = std::move(key);
  state.commits =
      commit_queue{*state.context->log, state.home.shard, state.home.term, self->address()};
  self->set_down_handler([self](const caf::down_msg& down) {
    if (down.source == self->state.shard)
      self->quit(down.reason);
    else
      on_run_down(self, down);
  });
  self->watch_elder(self->state.shard);
  if (const auto loaded = load(self, std::move(agent_id)); !loaded) {
    log::error("conversation", "{}: {}", state.place.path(), loaded.error().detail);
    self->quit(to_caf(loaded.error()));
    return conversation_actor::behavior_type::make_empty_behavior();
  }
  take_over(self, cause);
  sweep_if_due(self);
  if (state.logic->exists())
    watch_idleness(self);
  return {
      [self](const submit_input& input) { return on_submit(self, input); },
      [self](const await_run& wanted) { return on_await(self, wanted); },
      [self](const abort_runs& wanted) { return on_abort(self, wanted); },
      [self](const create_session& wanted) { return on_create(self, wanted); },
      [self](const reset_session& wanted) { return on_reset(self, wanted); },
      [self](const patch_session& wanted) { return on_patch(self, wanted); },
      [self](const compact_session& wanted) { return on_compact(self, wanted); },
      [self](const delete_session&) { return on_delete(self); },
      [self](const release_session&) { return on_release(self); },
      [self](const expire_session& due) { on_expire(self, due.at); },
      [self](const proposal_settled& report) {
        if (self->state.commits.settled(report))
          sweep_if_due(self);
        else
          self->quit(to_caf(not_ours()));
      },
      [self](record_step& step) { on_step(self, step); },
      [self](close_run& end) { on_close(self, end); },
      [self](const restart_run& timer) {
        if (timer.runs_started == self->state.runs_started && !self->state.run)
          take_over(self, timer.cause);
      },
      [self](const stop_overdue& timer) { on_stop_overdue(self, timer); },
      [self](const idle_check&) { on_idle_check(self); },
      [self](const passivate&) {
        const bool leaves = at_rest(self);
        if (leaves)
          self->quit();
        else if (!self->state.idleness_watched)
          watch_idleness(self); // Asked too early, and nobody would ask again.
        return leaves;
      },
  };
}

} // namespace troupe
