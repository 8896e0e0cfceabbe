#include "actors/conversation/conversation_logic.hpp"

#include "actors/conversation/limits.hpp"
#include "base/assert.hpp"
#include "base/checksum.hpp"
#include "base/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe {
namespace {

using tables::run_state;
using tables::run_status;

/// Bytes of erased keys per batch of a deletion, well below a batch's bound.
constexpr std::size_t erase_bytes_per_batch = 128u << 10;

result<void>
scan_rows(const row_snapshot& rows, shard_id shard, const std::string& prefix,
          const std::function<result<void>(std::string_view, std::string_view)>& visit) {
  result<void> outcome = boost::outcome_v2::success();
  TR_TRY(rows.scan(shard, prefix, {}, scan_order::ascending,
                   [&](std::string_view key, std::string_view value) {
                     outcome = visit(key, value);
                     return outcome ? scan_step::more : scan_step::stop;
                   }));
  return outcome;
}

bool crash_caused(takeover_cause cause, const tables::run_row& run, const boot_facts& facts) {
  switch (cause) {
  case takeover_cause::actor_failed:
    return true;
  case takeover_cause::new_leader:
    return run.attempt_boot < facts.boot && !facts.previous_stop_clean;
  case takeover_cause::planned:
    break;
  }
  return false;
}

std::string_view status_name(run_status status) {
  switch (status) {
  case run_status::ok:
    return "done";
  case run_status::aborted:
    return "killed";
  case run_status::error:
  case run_status::none:
    break;
  }
  return "failed";
}

} // namespace

run_outcome outcome_of(const tables::run_row& run, const tables::conversation_row& conversation,
                       std::string final_text) {
  run_outcome out;
  out.run_id = run.run_id;
  out.key = conversation.key;
  out.agent_id = conversation.agent_id;
  out.session_id = conversation.session_id;
  out.status = run.state == run_state::closed ? run.status : run_status::none;
  out.stop_reason = run.stop_reason;
  out.error = run.error;
  out.error_kind = run.error_kind;
  out.text = std::move(final_text);
  out.provider = run.provider;
  out.model = run.model;
  out.tools_used = run.tools_used;
  out.accepted_at = run.accepted_at;
  out.started_at = run.started_at;
  out.ended_at = run.ended_at;
  out.input_tokens = run.input_tokens;
  out.output_tokens = run.output_tokens;
  return out;
}

result<write_batch> expired_runs(const row_snapshot& rows, shard_id shard, wall_ms now) {
  write_batch batch;
  std::size_t found = 0;
  TR_TRY(rows.scan(shard, tables::expiry_prefix(), {}, scan_order::ascending,
                   [&](std::string_view key, std::string_view run_key) {
                     if (tables::expiry_time(key) > now || found == expired_runs_per_batch)
                       return scan_step::stop;
                     ++found;
                     batch.erase(std::string{run_key});
                     batch.erase(tables::expired_index_key(key));
                     batch.erase(std::string{key});
                     return scan_step::more;
                   }));
  return batch;
}

conversation_logic::conversation_logic(tables::conversation_row row, queue_limits limits)
    : limits_(limits), row_(std::move(row)), id_(tables::digest_of(row_.key)) {}

result<conversation_logic> conversation_logic::load(const row_snapshot& rows, shard_id shard,
                                                    std::string key, std::string agent_id,
                                                    queue_limits limits) {
  tables::conversation_row row;
  row.key = std::move(key);
  row.agent_id = std::move(agent_id);
  conversation_logic made{row, limits};
  TR_TRY(auto stored, rows.get(shard, tables::conversation_key(made.id_)));
  if (!stored)
    return made;
  TR_TRY(made.row_, tables::decode_conversation(*stored));
  if (made.row_.key != row.key)
    return error{errc::corrupt, "two conversation keys share one digest: " + row.key};
  made.exists_ = true;
  made.stamp_.observe(made.row_.updated_at);

  TR_TRY(scan_rows(rows, shard, tables::input_prefix(made.id_),
                   [&](std::string_view, std::string_view value) -> result<void> {
                     TR_TRY(auto input, tables::decode_input(value));
                     made.queue_.push_back(std::move(input));
                     return boost::outcome_v2::success();
                   }));
  if (!made.row_.active_run.empty()) {
    TR_TRY(auto run, rows.get(shard, tables::run_key(made.id_, made.row_.active_run)));
    if (!run)
      return error{errc::corrupt, "the active run of " + row.key + " has no row"};
    TR_TRY(made.active_, tables::decode_run(*run));
    TR_TRY(scan_rows(rows, shard, tables::intent_prefix(made.id_, made.row_.active_run),
                     [&](std::string_view, std::string_view value) -> result<void> {
                       TR_TRY(auto intent, tables::decode_intent(value));
                       made.open_intents_.push_back(std::move(intent.call_id));
                       return boost::outcome_v2::success();
                     }));
  }
  made.busy_written_ = made.active_.has_value() || !made.queue_.empty();
  return made;
}

bool conversation_logic::has_open(std::string_view run_id) const {
  return (active_ && active_->run_id == run_id) ||
         std::ranges::any_of(queue_, [&](const auto& input) { return input.run_id == run_id; });
}

void conversation_logic::ensure_exists(wall_ms now) {
  if (exists_)
    return;
  exists_ = true;
  row_.session_id = random_uuid();
  row_.created_at = stamp_.next(now);
}

void conversation_logic::write_row(write_batch& batch, wall_ms now) {
  row_.updated_at = stamp_.next(now);
  batch.put(tables::conversation_key(id_), tables::encode(row_));
  const bool busy = active_.has_value() || !queue_.empty();
  if (busy && !busy_written_)
    batch.put(tables::busy_key(id_), row_.key);
  else if (!busy && busy_written_)
    batch.erase(tables::busy_key(id_));
  busy_written_ = busy;
}

void conversation_logic::write_run(write_batch& batch, const tables::run_row& run) {
  batch.put(tables::run_key(id_, run.run_id), tables::encode(run));
}

void conversation_logic::add_messages(decision& to, new_messages messages, wall_ms now) {
  for (auto& message : messages) {
    message.seq = ++row_.message_seq;
    message.at = stamp_.next(now);
    message.id =
        fmt::format("{:016x}", checksum(message.run_id + ":" + row_.session_id, message.seq));
    to.batch.put(tables::message_key(id_, message.seq), tables::encode(message));
    to.messages.push_back(std::make_shared<const tables::message_row>(std::move(message)));
  }
}

void conversation_logic::settle_calls(write_batch& batch, const std::vector<std::string>& calls) {
  for (const auto& call : calls) {
    const auto found = std::ranges::find(open_intents_, call);
    if (found == open_intents_.end())
      continue;
    batch.erase(tables::intent_key(id_, active_->run_id, call));
    open_intents_.erase(found);
  }
}

void conversation_logic::open_run(decision& to, tables::run_row run, const tables::input_row& input,
                                  const boot_facts& facts, wall_ms now) {
  run.state = run_state::open;
  run.started_at = stamp_.next(now);
  run.attempt = 1;
  run.attempt_boot = facts.boot;
  run.first_seq = row_.message_seq + 1;
  tables::message_row message;
  message.role = tables::message_role::user;
  message.run_id = run.run_id;
  message.text = input.text;
  message.client_id = input.client_id;
  message.client_mode = input.client_mode;
  new_messages messages;
  messages.push_back(std::move(message));
  add_messages(to, std::move(messages), now);
  row_.active_run = run.run_id;
  write_run(to.batch, run);
  active_ = std::move(run);
  to.start_run = true;
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
  if (!row_.quarantine.empty())
    return error{errc::forbidden, row_.quarantine};
  if (input.run_id.empty() || input.text.empty())
    return error{errc::invalid_argument, "a message needs text and an idempotency key"};
  if (input.text.size() > input_text_bytes_max)
    return error{errc::invalid_argument,
                 fmt::format("the message has {} bytes, at most {} are accepted; shorten it",
                             input.text.size(), input_text_bytes_max)};
  const bool busy = active_.has_value() || !queue_.empty();
  if (busy && queue_.size() >= limits_.cap)
    return error{errc::overloaded,
                 fmt::format("{} messages already wait in this session; retry when one is answered",
                             queue_.size())};

  ensure_exists(now);
  tables::input_row queued;
  queued.run_id = input.run_id;
  queued.text = input.text;
  queued.accepted_at = stamp_.next(now);
  queued.client_id = input.client_id;
  queued.client_mode = input.client_mode;
  queued.extra_system_prompt = input.extra_system_prompt;
  queued.model = input.model;
  queued.timeout_s = input.timeout_s;

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
    queued.order = ++row_.input_order;
    run.input_order = queued.order;
    out.batch.put(tables::input_key(id_, queued.order), tables::encode(queued));
    write_run(out.batch, run);
    queue_.push_back(std::move(queued));
  } else {
    open_run(out, std::move(run), queued, facts, now);
  }
  write_row(out.batch, now);
  return out;
}

conversation_logic::taken_over conversation_logic::take_over(takeover_cause cause,
                                                             const boot_facts& facts, wall_ms now) {
  TR_ASSERT(active_.has_value(), "only an open run is taken over");
  taken_over out;
  if (crash_caused(cause, *active_, facts))
    ++active_->crashes;
  if (active_->crashes >= crashes_max) {
    row_.quarantine = fmt::format(
        "session {} is quarantined: its run {} crashed {} times without progress; an operator "
        "releases it with sessions.reset",
        row_.key, active_->run_id, active_->crashes);
    run_outcome outcome;
    outcome.run_id = active_->run_id;
    outcome.status = run_status::error;
    outcome.stop_reason = "error";
    outcome.error = row_.quarantine;
    outcome.error_kind = "unknown";
    outcome.ended_at = stamp_.next(now);
    settle_calls(out.batch, std::vector<std::string>{open_intents_});
    auto run = std::move(*active_);
    active_.reset();
    row_.active_run.clear();
    row_.last_run = run.run_id;
    row_.last_status = "failed";
    close_row(out.batch, run, outcome);
    outcome.key = row_.key;
    outcome.agent_id = row_.agent_id;
    outcome.session_id = row_.session_id;
    out.quarantined = std::make_shared<const run_outcome>(std::move(outcome));
    write_row(out.batch, now);
    return out;
  }
  ++active_->attempt;
  active_->attempt_boot = facts.boot;
  write_run(out.batch, *active_);
  out.start_run = true;
  return out;
}

conversation_logic::decision
conversation_logic::record_step(new_messages messages,
                                const std::vector<tables::intent_row>& intents,
                                const std::vector<std::string>& settled_calls, wall_ms now) {
  TR_ASSERT(active_.has_value(), "a step belongs to the active run");
  decision out;
  add_messages(out, std::move(messages), now);
  settle_calls(out.batch, settled_calls);
  for (auto intent : intents) {
    intent.run_id = active_->run_id;
    intent.attempt = active_->attempt;
    intent.at = stamp_.next(now);
    out.batch.put(tables::intent_key(id_, intent.run_id, intent.call_id), tables::encode(intent));
    open_intents_.push_back(intent.call_id);
  }
  ++active_->steps;
  active_->crashes = 0;
  write_run(out.batch, *active_);
  write_row(out.batch, now);
  return out;
}

void conversation_logic::close_row(write_batch& batch, tables::run_row run,
                                   const run_outcome& outcome) {
  run.state = run_state::closed;
  run.status = outcome.status;
  run.stop_reason = outcome.stop_reason;
  run.error = outcome.error;
  run.error_kind = outcome.error_kind;
  run.provider = outcome.provider;
  run.model = outcome.model;
  run.tools_used = outcome.tools_used;
  run.ended_at = outcome.ended_at;
  run.input_tokens = outcome.input_tokens;
  run.output_tokens = outcome.output_tokens;
  write_run(batch, run);
  const auto forget_at =
      outcome.ended_at + std::chrono::duration_cast<std::chrono::milliseconds>(run_memory).count();
  batch.put(tables::expiry_key(forget_at, run.run_id), tables::run_key(id_, run.run_id));
}

conversation_logic::closed conversation_logic::close(new_messages messages, run_outcome outcome,
                                                     const std::vector<std::string>& settled_calls,
                                                     const boot_facts& facts, wall_ms now,
                                                     const write_batch& expired) {
  TR_ASSERT(active_.has_value(), "only the active run is closed");
  closed out;
  add_messages(out, std::move(messages), now);
  settle_calls(out.batch, settled_calls);
  settle_calls(out.batch, std::vector<std::string>{open_intents_});
  auto run = std::move(*active_);
  active_.reset();
  if (!out.messages.empty() && out.messages.back()->role == tables::message_role::assistant)
    run.final_seq = out.messages.back()->seq;
  outcome.run_id = run.run_id;
  outcome.key = row_.key;
  outcome.agent_id = row_.agent_id;
  outcome.session_id = row_.session_id;
  outcome.accepted_at = run.accepted_at;
  outcome.started_at = run.started_at;
  outcome.ended_at = stamp_.next(now);

  row_.active_run.clear();
  row_.last_run = run.run_id;
  row_.last_status = status_name(outcome.status);
  row_.aborted_last_run = outcome.status == run_status::aborted;
  row_.input_tokens += outcome.input_tokens;
  row_.output_tokens += outcome.output_tokens;
  if (!outcome.model.empty())
    row_.last_model = outcome.provider + "/" + outcome.model;
  if (!out.messages.empty())
    row_.context_tokens = out.messages.back()->input_tokens + out.messages.back()->output_tokens;
  close_row(out.batch, std::move(run), outcome);
  out.outcome = std::make_shared<const run_outcome>(std::move(outcome));
  begin_next(out, facts, now);
  write_row(out.batch, now);
  out.batch.append(expired);
  return out;
}

void conversation_logic::begin_next(decision& to, const boot_facts& facts, wall_ms now) {
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
  open_run(to, std::move(run), input, facts, now);
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

conversation_logic::decision conversation_logic::create(const create_session& wanted, wall_ms now) {
  decision out;
  const bool changed = !exists_ || (!wanted.label.empty() && wanted.label != row_.label) ||
                       (!wanted.model.empty() && wanted.model != row_.model);
  if (!changed)
    return out;
  ensure_exists(now);
  if (!wanted.label.empty())
    row_.label = wanted.label;
  if (!wanted.model.empty())
    row_.model = wanted.model;
  if (!wanted.parent_key.empty())
    row_.parent_key = wanted.parent_key;
  write_row(out.batch, now);
  return out;
}

namespace {

error busy_error(const std::string& key) {
  return {errc::unavailable,
          fmt::format("Session {} has an active run; retry after it finishes.", key)};
}

} // namespace

result<conversation_logic::decision> conversation_logic::reset(const boot_facts& facts,
                                                               wall_ms now) {
  if (active_ || (!queue_.empty() && row_.quarantine.empty()))
    return busy_error(row_.key);
  decision out;
  ensure_exists(now);
  row_.session_id = random_uuid();
  row_.history_from = row_.message_seq + 1;
  row_.input_tokens = row_.output_tokens = row_.context_tokens = 0;
  row_.aborted_last_run = false;
  row_.last_run.clear();
  row_.last_status.clear();
  row_.quarantine.clear();
  begin_next(out, facts, now);
  write_row(out.batch, now);
  return out;
}

result<std::vector<write_batch>> conversation_logic::erase(const row_snapshot& rows,
                                                           shard_id shard) {
  if (active_ || !queue_.empty())
    return busy_error(row_.key);
  std::vector<write_batch> batches(1);
  TR_TRY(scan_rows(rows, shard, tables::message_prefix(id_),
                   [&](std::string_view key, std::string_view) -> result<void> {
                     if (batches.back().encoded_bytes() > erase_bytes_per_batch)
                       batches.emplace_back();
                     batches.back().erase(std::string{key});
                     return boost::outcome_v2::success();
                   }));
  if (exists_)
    batches.back().erase(tables::conversation_key(id_));
  if (batches.back().empty())
    batches.pop_back();
  tables::conversation_row blank;
  blank.key = row_.key;
  blank.agent_id = row_.agent_id;
  row_ = std::move(blank);
  exists_ = false;
  return batches;
}

result<conversation_logic::decision> conversation_logic::release(const boot_facts& facts,
                                                                 wall_ms now) {
  if (row_.quarantine.empty())
    return error{errc::invalid_argument, fmt::format("session {} is not quarantined", row_.key)};
  decision out;
  row_.quarantine.clear();
  begin_next(out, facts, now);
  write_row(out.batch, now);
  return out;
}

} // namespace troupe
