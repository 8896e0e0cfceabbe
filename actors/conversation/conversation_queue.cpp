#include "actors/conversation/conversation_logic.hpp"
#include "actors/conversation/limits.hpp"

#include <fmt/format.h>

#include <utility>

/// Inputs: accepted, waiting, begun, withdrawn.
namespace troupe {

using tables::run_state;
using tables::run_status;

namespace {

/// Errors: `invalid_argument`, with what to do.
result<void> check_size(std::string_view what, std::size_t bytes, std::size_t bytes_max) {
  if (bytes > bytes_max)
    return error{errc::invalid_argument,
                 fmt::format("{} has {} bytes, at most {} are accepted; shorten it", what, bytes,
                             bytes_max)};
  return boost::outcome_v2::success();
}

result<void> check_caller(const caller_turn& caller) {
  TR_TRY(check_size("the list of tools", tables::encode(caller.options).size(),
                    caller_options_bytes_max));
  if (caller.results.size() > caller_results_max)
    return error{errc::invalid_argument,
                 fmt::format("{} tool results were sent, at most {} are accepted",
                             caller.results.size(), caller_results_max)};
  return boost::outcome_v2::success();
}

std::uint64_t bytes_of(const std::deque<tables::input_row>& queue) {
  std::uint64_t bytes = 0;
  for (const auto& input : queue)
    bytes += tables::text_bytes(input);
  return bytes;
}

} // namespace

result<void> conversation_logic::check(const submit_input& input) const {
  const auto resets = input.command && !input.command->resets.empty();
  const auto replies = input.command && !input.command->reply.empty();
  if (resets && !may_reset())
    return busy_error();
  if (!row_.quarantine.empty() && !resets && !replies)
    return error{errc::forbidden, row_.quarantine};
  const bool has_results = input.caller && !input.caller->results.empty();
  if (input.run_id.empty() || (input.text.empty() && !has_results))
    return error{errc::invalid_argument, "a message needs text and an idempotency key"};
  TR_TRY(check_size("the message", input.text.size(), input_text_bytes_max));
  TR_TRY(check_size("the extra system prompt", input.extra_system_prompt.size(),
                    extra_prompt_bytes_max));
  TR_TRY(check_size("the model's name", input.model.size(), name_bytes_max));
  if (input.caller) {
    TR_TRY(check_caller(*input.caller));
  }
  if (input.command) {
    TR_TRY(check_size("the answer", input.command->reply.size(), answer_text_bytes_max));
    TR_TRY(
        check_size("the model's name", input.command->model.value_or("").size(), name_bytes_max));
  }
  if (replies)
    return boost::outcome_v2::success();
  return check_room(input);
}

/// Whether the input may wait, if it has to.
result<void> conversation_logic::check_room(const submit_input& input) const {
  if (!active_ && queue_.empty())
    return boost::outcome_v2::success();
  if (input.caller && !input.caller->results.empty())
    return error{errc::overloaded, "this session has an active run, and tool results cannot wait; "
                                   "retry when it is answered"};
  if (queue_.size() >= limits_.cap)
    return error{errc::overloaded,
                 fmt::format("{} messages already wait in this session; retry when one is answered",
                             queue_.size())};
  const auto waiting = bytes_of(queue_);
  if (waiting + input.text.size() > queued_text_bytes_max)
    return error{errc::overloaded,
                 fmt::format("messages of {} bytes already wait in this session, at most {} may; "
                             "retry when one is answered",
                             waiting, queued_text_bytes_max)};
  return boost::outcome_v2::success();
}

result<conversation_logic::submitted>
conversation_logic::submit(const submit_input& input, const std::optional<tables::run_row>& known,
                           const boot_facts& facts, wall_ms now) {
  submitted out;
  out.receipt.run_id = input.run_id;
  out.receipt.key = row_.key;
  out.receipt.agent_id = row_.agent_id;
  if (has_open(input.run_id) || known) {
    const bool finished = !has_open(input.run_id) && known->state == run_state::closed;
    out.receipt.kind = finished ? receipt_kind::finished : receipt_kind::in_flight;
    out.receipt.accepted_at = known ? known->accepted_at : now;
    return out;
  }
  TR_TRY(check(input));

  const bool existed = exists_;
  ensure_exists(now);
  set_expiry(out.batch, input, existed, now);
  text_packer texts{id_};
  const auto resets = input.command && !input.command->resets.empty();
  if (resets)
    begin_session();
  if (input.command && input.command->model)
    row_.model = *input.command->model;
  if (input.command && !input.command->reply.empty())
    answer_at_once(out, texts, input, now);
  else
    accept(out, texts, input, facts, now);
  if (resets)
    begin_next(out, texts, facts, now);
  write_row(out, texts, now);
  if (input.ephemeral && !existed && out.start_run)
    hold_back(out);
  return out;
}

void conversation_logic::accept(submitted& out, text_packer& texts, const submit_input& input,
                                const boot_facts& facts, wall_ms now) {
  const bool busy = active_.has_value() || !queue_.empty();
  tables::input_row queued;
  queued.run_id = input.run_id;
  queued.text = input.text;
  queued.accepted_at = stamp_.next(now);
  queued.client_id = input.client_id;
  queued.client_mode = input.client_mode;
  queued.extra_system_prompt = input.extra_system_prompt;
  queued.model = input.model;
  queued.timeout_s = input.timeout_s;
  if (input.caller)
    queued.caller_options = tables::encode(input.caller->options);

  tables::run_row run;
  run.run_id = input.run_id;
  run.conversation = row_.key;
  run.accepted_at = queued.accepted_at;
  run.extra_system_prompt = input.extra_system_prompt;
  run.model_override = input.model;
  run.timeout_s = input.timeout_s;
  out.batch.put(tables::run_index_key(run.run_id), tables::run_key(id_, run.run_id));
  out.receipt.accepted_at = queued.accepted_at;
  out.receipt.queued = busy;
  if (busy) {
    texts.pack(queued);
    queued.order = ++row_.input_order;
    run.input_order = queued.order;
    out.batch.put(tables::input_key(id_, queued.order), tables::encode(queued));
    write_run(out.batch, run);
    queue_.push_back(std::move(queued));
  } else {
    open_run(out, texts, std::move(run), queued, input.caller.get(), facts, now);
  }
}

/// A command's answer is a run that ends with its acceptance: recognised when it is sent again, and
/// known to `agent.wait`.
void conversation_logic::answer_at_once(submitted& out, text_packer& texts,
                                        const submit_input& input, wall_ms now) {
  tables::run_row run;
  run.run_id = input.run_id;
  run.conversation = row_.key;
  run.accepted_at = run.started_at = stamp_.next(now);
  run.first_seq = row_.message_seq + 1;
  new_messages messages(2);
  messages[0].role = tables::message_role::user;
  messages[0].text = input.text;
  messages[0].client_id = input.client_id;
  messages[0].client_mode = input.client_mode;
  messages[1].role = tables::message_role::assistant;
  messages[1].text = input.command->reply;
  messages[1].provider = "troupe";
  messages[1].model = "gateway";
  messages[1].stop_reason = "stop";
  for (auto& message : messages) {
    message.run_id = input.run_id;
    message.context_free = true;
  }
  add_messages(out, texts, std::move(messages), now);
  run.final_seq = row_.message_seq;
  run_outcome outcome;
  outcome.status = run_status::ok;
  outcome.stop_reason = "stop";
  outcome.provider = "troupe";
  outcome.model = "gateway";
  outcome.ended_at = stamp_.next(now);
  out.batch.put(tables::run_index_key(run.run_id), tables::run_key(id_, run.run_id));
  close_row(out.batch, run, outcome);
  outcome.run_id = run.run_id;
  outcome.key = row_.key;
  outcome.agent_id = row_.agent_id;
  outcome.session_id = row_.session_id;
  outcome.text = input.command->reply;
  outcome.accepted_at = run.accepted_at;
  outcome.started_at = run.started_at;
  outcome.at_once = true;
  out.receipt.accepted_at = run.accepted_at;
  out.answered = std::make_shared<const run_outcome>(std::move(outcome));
}

void conversation_logic::begin_next(decision& to, text_packer& texts, const boot_facts& facts,
                                    wall_ms now) {
  if (active_ || queue_.empty() || !row_.quarantine.empty())
    return;
  const auto input = std::move(queue_.front());
  queue_.pop_front();
  to.batch.erase(tables::input_key(id_, input.order));
  tables::run_row run;
  run.run_id = input.run_id;
  run.conversation = row_.key;
  run.accepted_at = input.accepted_at;
  run.extra_system_prompt = input.extra_system_prompt;
  run.model_override = input.model;
  run.timeout_s = input.timeout_s;
  open_run(to, texts, std::move(run), input, nullptr, facts, now);
}

conversation_logic::aborted conversation_logic::abort(std::string_view run_id,
                                                      std::string_view reason, wall_ms now) {
  aborted out;
  const auto wanted = [&](std::string_view id) { return run_id.empty() || run_id == id; };
  for (auto input = queue_.begin(); input != queue_.end();) {
    if (!wanted(input->run_id)) {
      ++input;
      continue;
    }
    out.batch.erase(tables::input_key(id_, input->order));
    if (!input->text_chunks.empty() && !std::exchange(unclaimed_, true))
      out.batch.put(tables::unclaimed_key(id_), row_.key);
    tables::run_row run;
    run.run_id = input->run_id;
    run.conversation = row_.key;
    run.accepted_at = input->accepted_at;
    run_outcome outcome;
    outcome.status = run_status::aborted;
    outcome.stop_reason = reason;
    outcome.ended_at = stamp_.next(now);
    close_row(out.batch, run, outcome);
    run.state = run_state::closed;
    run.status = run_status::aborted;
    run.stop_reason = reason;
    run.ended_at = outcome.ended_at;
    out.withdrawn.push_back(std::make_shared<const run_outcome>(outcome_of(run, row_, {})));
    input = queue_.erase(input);
  }
  out.stop_active = active_ && wanted(active_->run_id);
  if (!out.batch.empty())
    write_row(out.batch, now);
  return out;
}

} // namespace troupe
