#include "actors/conversation/run.hpp"

#include "actors/conversation/limits.hpp"
#include "actors/model/model_call.hpp"
#include "actors/support/reply.hpp"
#include "actors/tool/tool_call.hpp"
#include "base/assert.hpp"

#include <caf/send.hpp>
#include <fmt/format.h>

#include <utility>

namespace troupe {
namespace {

using self_pointer = plain_self<run_state>;

void advance(self_pointer self);

void publish(self_pointer self, decltype(run_event::what) what) {
  auto& state = self->state;
  if (!may_act(*state.context, state.home))
    return;
  auto event = std::make_shared<run_event>();
  event->key = state.seed.conversation.key;
  event->agent_id = state.seed.conversation.agent_id;
  event->session_id = state.seed.conversation.session_id;
  event->run_id = state.seed.run.run_id;
  event->attempt = state.seed.run.attempt;
  event->n = ++state.events;
  event->at = state.context->time->now_wall_ms();
  event->what = std::move(what);
  self->send(state.context->sink, run_event_ptr{std::move(event)});
}

/// The session's row shows it, where there is one already.
void publish_session(self_pointer self, std::string reason, std::string phase) {
  auto& state = self->state;
  if (!state.unlisted && may_act(*state.context, state.home))
    self->send(state.context->sink, session_event{state.seed.conversation.key,
                                                  std::move(reason),
                                                  std::move(phase),
                                                  state.seed.run.run_id,
                                                  {},
                                                  state.context->time->now_wall_ms()});
}

void publish_messages(self_pointer self,
                      const std::vector<std::shared_ptr<const tables::message_row>>& rows) {
  for (const auto& row : rows)
    publish(self, run_event::message_committed{row});
}

// ---- the text of the answer -----------------------------------------------------------------

void flush_answer(self_pointer self) {
  auto& state = self->state;
  if (state.told_bytes == state.answer.size())
    return;
  publish(self, run_event::text_delta{state.told_bytes, state.answer.substr(state.told_bytes),
                                      std::exchange(state.replace_text, false)});
  state.told_bytes = state.answer.size();
  state.flushed_at = state.context->time->now_boot();
}

/// Words go out at once when `delta_interval` has passed since the last ones, else when it has.
void on_text(self_pointer self, const model_text& piece) {
  auto& state = self->state;
  if (piece.restart) {
    state.answer.clear();
    state.told_bytes = 0;
    state.replace_text = true;
  }
  state.answer += piece.text;
  if (state.flush_due)
    return;
  const auto wait = state.flushed_at + delta_interval - state.context->time->now_boot();
  if (state.flushed_at.count() == 0 || wait.count() <= 0) {
    flush_answer(self);
    return;
  }
  state.flush_due = true;
  self->delayed_send(self, wait, flush_text{});
}

void on_flush(self_pointer self) {
  self->state.flush_due = false;
  if (self->state.call)
    flush_answer(self);
}

// ---- the model ------------------------------------------------------------------------------

/// The lease has lapsed: the attempt ends here, and whoever leads goes on from the rows.
bool leave_if_deposed(self_pointer self) {
  if (may_act(*self->state.context, self->state.home))
    return false;
  self->quit(to_caf({errc::unavailable, "the lease on the shard has lapsed"}));
  return true;
}

void ask_model(self_pointer self, run_logic::ask_model& action) {
  auto& state = self->state;
  if (leave_if_deposed(self))
    return;
  state.place.enter("asking the model");
  publish(self, run_event::phase{"starting_model"});
  if (!std::exchange(state.announced, true))
    publish_session(self, "agent.run.started", "start");
  // What an earlier call of this run said before its tools is no part of the answer.
  state.replace_text = state.replace_text || state.told_bytes > 0;
  state.answer.clear();
  state.told_bytes = 0;
  const auto slash = state.model_text.find('/');
  auto provider = state.model_text.substr(0, slash);
  const auto& models = state.models->providers.at(provider).settings.models;
  const auto id = state.model_text.substr(slash + 1);
  const auto model = std::ranges::find(models, id, &config::model_settings::id);
  publish(self, run_event::model_selected{provider, id});
  publish_session(self, {}, "model");
  state.call = self->spawn(
      model_call, state.models, state.context->registry,
      fmt::format("{}/model/{}", state.seed.path, state.logic->model_calls() + 1),
      std::move(provider), *model, std::move(action.request), caf::actor_cast<caf::actor>(self));
  self->monitor(state.call);
}

void on_model_ended(self_pointer self, const model_ended& end) {
  auto& state = self->state;
  if (!state.logic || state.closing)
    return;
  flush_answer(self);
  self->demonitor(state.call);
  state.call = nullptr;
  if (const auto* answer = std::get_if<model::model_result>(end.outcome.get())) {
    publish(self, run_event::usage{answer->usage.output});
    auto whole = *answer;
    whole.text = state.answer;
    state.logic->answered(whole);
  } else {
    state.logic->failed(std::get<model::model_failure>(*end.outcome), state.answer);
  }
  advance(self);
}

// ---- tools ----------------------------------------------------------------------------------

tool_context context_of(self_pointer self, const planned_call& planned) {
  const auto& state = self->state;
  const auto* agent = state.models->config->values.agents.find(state.seed.conversation.agent_id);
  tool_context out;
  out.agent_id = state.seed.conversation.agent_id;
  out.session_key = state.seed.conversation.key;
  out.session_id = state.seed.conversation.session_id;
  out.run_id = state.seed.run.run_id;
  out.call_id = planned.call.id;
  out.workspace = agent == nullptr ? std::string{} : agent->workspace;
  out.model = state.model_text;
  out.context_tokens = state.seed.conversation.context_tokens;
  out.time = state.context->time;
  out.cancelled = state.cancelled;
  return out;
}

void run_tools(self_pointer self, run_logic::run_tools& action) {
  auto& state = self->state;
  if (leave_if_deposed(self))
    return;
  state.place.enter("running tools");
  state.calls = std::move(action.calls);
  state.outputs.assign(state.calls.size(), {});
  state.tool_starts.assign(state.calls.size(), state.context->time->now_wall_ms());
  state.tools.assign(state.calls.size(), {});
  state.tools_open = state.calls.size();
  state.cancelled = std::make_shared<std::atomic<bool>>(false);
  for (std::size_t i = 0; i < state.calls.size(); ++i) {
    const auto& planned = state.calls[i];
    publish(self, run_event::tool_started{planned.call.id, planned.call.name,
                                          planned.call.arguments, state.tool_starts[i]});
    state.tools[i] = self->spawn(tool_call, state.context->pool, state.context->registry,
                                 fmt::format("{}/tool/{}", state.seed.path, planned.call.id),
                                 planned.tool, context_of(self, planned), planned.call.arguments, i,
                                 caf::actor_cast<caf::actor>(self));
    self->monitor(state.tools[i]);
  }
}

void on_tool_ended(self_pointer self, std::size_t position, tool_output output) {
  auto& state = self->state;
  if (state.closing || position >= state.tools.size() || !state.tools[position])
    return;
  self->demonitor(state.tools[position]);
  state.tools[position] = nullptr;
  const auto& call = state.calls[position].call;
  publish(self, run_event::tool_finished{call.id, call.name, output.text, output.is_error,
                                         state.tool_starts[position],
                                         state.context->time->now_wall_ms()});
  state.outputs[position] = std::move(output);
  if (--state.tools_open > 0)
    return;
  state.tools.clear();
  state.logic->tools_finished(std::exchange(state.outputs, {}));
  advance(self);
}

// ---- the way through --------------------------------------------------------------------------

void advance(self_pointer self) {
  auto& state = self->state;
  auto action = state.logic->next();
  if (auto* ask = std::get_if<run_logic::ask_model>(&action)) {
    ask_model(self, *ask);
  } else if (auto* tools = std::get_if<run_logic::run_tools>(&action)) {
    run_tools(self, *tools);
  } else if (auto* step = std::get_if<run_logic::record>(&action)) {
    state.place.enter("committing a step");
    state.recording = true;
    self->send(state.parent, record_step{state.seed.run.attempt, std::move(step->messages),
                                         std::move(step->intents), std::move(step->settled_calls)});
  } else {
    auto& end = std::get<run_logic::close>(action);
    state.place.enter("closing");
    state.closing = true;
    self->send(state.parent, close_run{state.seed.run.attempt, std::move(end.messages),
                                       std::move(end.settled_calls), std::move(end.outcome)});
  }
}

void stop_now(self_pointer self, const stop_run& stop) {
  auto& state = self->state;
  if (state.closing)
    return;
  if (state.recording) {
    state.stop_after_record = stop;
    return;
  }
  if (state.call) {
    self->demonitor(state.call);
    self->send_exit(state.call, caf::exit_reason::user_shutdown);
    state.call = nullptr;
  }
  if (state.cancelled)
    state.cancelled->store(true);
  state.logic->stop(stop.status, stop.reason, stop.error_text, state.answer);
  advance(self);
}

void on_recorded(self_pointer self, const step_recorded& step) {
  auto& state = self->state;
  state.recording = false;
  publish_messages(self, step.messages);
  state.logic->recorded();
  if (state.stop_after_record) {
    stop_now(self, *std::exchange(state.stop_after_record, std::nullopt));
    return;
  }
  advance(self);
}

/// A part of the run crashed: its work counts as failed, the run goes on.
void on_part_down(self_pointer self, const caf::down_msg& down) {
  auto& state = self->state;
  if (down.source == state.parent) {
    self->quit(down.reason);
    return;
  }
  if (state.call && down.source == state.call.address()) {
    model::model_failure failure;
    failure.message = "the model call failed inside the gateway";
    on_model_ended(self, {std::make_shared<const model::model_outcome>(std::move(failure))});
    return;
  }
  for (std::size_t i = 0; i < state.tools.size(); ++i)
    if (state.tools[i] && down.source == state.tools[i].address())
      on_tool_ended(self, i, {"the tool failed inside the gateway; its result is unknown", true});
}

// ---- the start ----------------------------------------------------------------------------------

/// Which model answers: the run's own choice, the session's, the agent's.
std::string chosen_model(const run_seed& seed, const config::agent_settings& agent) {
  if (!seed.run.model_override.empty())
    return seed.run.model_override;
  return seed.conversation.model.empty() ? agent.model.text() : seed.conversation.model;
}

/// Closes a run that cannot even begin, with the reason.
void refuse(self_pointer self, std::string reason) {
  close_run end;
  end.attempt = self->state.seed.run.attempt;
  end.outcome.status = tables::run_status::error;
  end.outcome.stop_reason = "error";
  end.outcome.error = std::move(reason);
  end.outcome.error_kind = "unknown";
  self->state.closing = true;
  self->send(self->state.parent, std::move(end));
}

/// An ephemeral conversation's first messages come with the seed, all others from the rows.
result<transcript> transcript_before(run_state& state, const row_snapshot& rows,
                                     const prompt_inputs& inputs) {
  if (!state.seed.transcript.empty())
    return transcript_of_run(inputs, std::exchange(state.seed.transcript, {}));
  return read_transcript(rows, state.home.shard, state.seed.conversation, inputs,
                         transcript_bytes_max(*inputs.model), state.seed.run.first_seq);
}

result<void> prepare(self_pointer self) {
  auto& state = self->state;
  state.models = state.context->models.get();
  const auto& values = state.models->config->values;
  const auto* agent = values.agents.find(state.seed.conversation.agent_id);
  if (agent == nullptr)
    return error{errc::not_found, fmt::format("agent \"{}\" is not configured any more",
                                              state.seed.conversation.agent_id)};
  state.model_text = chosen_model(state.seed, *agent);
  const auto slash = state.model_text.find('/');
  const auto provider = state.models->providers.find(state.model_text.substr(0, slash));
  if (slash == std::string::npos || provider == state.models->providers.end())
    return error{errc::not_found, fmt::format("model \"{}\" is not configured", state.model_text)};
  const auto& settings = provider->second.settings;
  if (!settings.unavailable.empty())
    return error{errc::unavailable, fmt::format("provider \"{}\" cannot be used: {}", settings.id,
                                                settings.unavailable)};
  const auto model = std::ranges::find(settings.models, state.model_text.substr(slash + 1),
                                       &config::model_settings::id);
  if (model == settings.models.end())
    return error{errc::not_found, fmt::format("model \"{}\" is not configured", state.model_text)};

  const auto rows = state.context->log->rows().snapshot();
  TR_TRY(state.caller, tables::decode_caller_options(state.seed.run.caller_options));
  const prompt_inputs inputs{agent,
                             &*model,
                             state.context->tools.get(),
                             state.seed.conversation.key,
                             state.seed.run.extra_system_prompt,
                             settings.id,
                             &state.caller};
  TR_TRY(auto before, transcript_before(state, *rows, inputs));
  std::vector<tables::intent_row> intents;
  result<void> decoded = boost::outcome_v2::success();
  const auto id = tables::digest_of(state.seed.conversation.key);
  TR_TRY(rows->scan(state.home.shard, tables::intent_prefix(id, state.seed.run.run_id), {},
                    scan_order::ascending, [&](std::string_view, std::string_view value) {
                      auto intent = tables::decode_intent(value);
                      if (!intent) {
                        decoded = intent.error();
                        return scan_step::stop;
                      }
                      intents.push_back(std::move(intent.value()));
                      return scan_step::more;
                    }));
  TR_TRY(std::move(decoded));
  state.logic.emplace(state.seed.run, inputs, settings.id,
                      std::string{config::to_string(settings.api)}, std::move(before), intents);
  return boost::outcome_v2::success();
}

void begin(self_pointer self) {
  auto& state = self->state;
  publish(self, run_event::phase{"preparing_context"});
  if (const auto ready = prepare(self); !ready) {
    refuse(self, ready.error().detail);
    return;
  }
  publish(self, run_event::started{state.seed.run.started_at});
  advance(self);
}

/// Also a run that still waits for its place is closed.
void stop(self_pointer self, const stop_run& wanted) {
  auto& state = self->state;
  if (state.logic) {
    stop_now(self, wanted);
    return;
  }
  if (state.closing)
    return;
  close_run end;
  end.attempt = state.seed.run.attempt;
  end.outcome.status = wanted.status;
  end.outcome.stop_reason = wanted.reason;
  end.outcome.error = wanted.error_text;
  state.closing = true;
  self->send(state.parent, std::move(end));
}

std::chrono::seconds limit_of(const run_state& state) {
  if (state.seed.run.timeout_s > 0)
    return std::chrono::seconds{state.seed.run.timeout_s};
  const auto config = state.context->config.get();
  const auto* agent = config->values.agents.find(state.seed.conversation.agent_id);
  return agent == nullptr ? std::chrono::seconds{0} : agent->run_timeout;
}

void on_beat(self_pointer self) {
  auto& state = self->state;
  if (state.closing)
    return;
  if (state.context->time->now_boot() - state.started >= state.limit)
    stop(self, {tables::run_status::error, "timeout",
                "the run took longer than its limit and was stopped"});
}

/// Without a timeout of its own: the run's limit ends the wait, and the gate bounds how many wait.
void ask_for_slot(self_pointer self) {
  self->state.place.enter("waiting for a place");
  self->request(self->state.context->runs, caf::infinite, take_slot{})
      .then(
          [self](slot& granted) {
            self->state.slot_held = std::move(granted.held);
            if (!self->state.closing)
              begin(self);
          },
          [self](const caf::error& failure) {
            if (!self->state.closing)
              refuse(self, from_caf(failure).detail);
          });
}

} // namespace

caf::behavior run(self_pointer self, conversation_context_ptr context, shard_place home,
                  run_seed seed, caf::actor parent) {
  auto& state = self->state;
  state.place = self->observe(context->registry, seed.path, "run");
  state.context = std::move(context);
  state.home = std::move(home);
  state.seed = std::move(seed);
  state.parent = std::move(parent);
  state.replace_text = state.seed.run.attempt > 1;
  state.unlisted = !state.seed.transcript.empty();
  self->watch_elder(state.parent);
  self->set_down_handler([self](const caf::down_msg& down) { on_part_down(self, down); });
  state.limit = limit_of(state);
  state.started = state.context->time->now_boot();
  if (state.limit.count() > 0)
    state.watched = state.context->beat->join(caf::actor_addr{self->address()});
  publish(self, run_event::phase{"preparing_workspace"});
  ask_for_slot(self);
  return {
      [self](const model_text& piece) { on_text(self, piece); },
      [self](const model_retrying& retry) {
        publish(self, run_event::model_retry{retry.attempt, retry.attempts_max, retry.delay,
                                             retry.reason, retry.message});
      },
      [self](const model_ended& end) { on_model_ended(self, end); },
      [self](tool_ended& end) { on_tool_ended(self, end.position, std::move(end.output)); },
      [self](const step_recorded& step) { on_recorded(self, step); },
      [self](const stop_run& wanted) { stop(self, wanted); },
      [self](const pulse_beat&) { on_beat(self); },
      [self](const flush_text&) { on_flush(self); },
  };
}

} // namespace troupe
