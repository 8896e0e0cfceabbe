#include "actors/conversation/conversation_logic.hpp"

#include "actors/conversation/limits.hpp"
#include "actors/conversation/scan_rows.hpp"
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

conversation_logic::conversation_logic(tables::conversation_row row, queue_limits limits)
    : limits_(limits), row_(std::move(row)), id_(tables::digest_of(row_.key)) {}

result<conversation_logic> conversation_logic::load(const row_snapshot& rows, shard_id shard,
                                                    std::string key, std::string agent_id,
                                                    queue_limits limits) {
  tables::conversation_row row;
  row.key = std::move(key);
  row.agent_id = std::move(agent_id);
  conversation_logic made{row, limits};
  TR_TRY(const auto busy, rows.get(shard, tables::busy_key(made.id_)));
  made.busy_written_ = busy.has_value();
  TR_TRY(const auto unclaimed, rows.get(shard, tables::unclaimed_key(made.id_)));
  made.unclaimed_ = unclaimed.has_value();
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

void conversation_logic::write_busy(write_batch& batch) {
  const bool busy = active_.has_value() || !queue_.empty() || unclaimed_;
  if (busy && !busy_written_)
    batch.put(tables::busy_key(id_), row_.key);
  else if (!busy && busy_written_)
    batch.erase(tables::busy_key(id_));
  busy_written_ = busy;
}

void conversation_logic::write_row(write_batch& batch, wall_ms now) {
  row_.updated_at = stamp_.next(now);
  batch.put(tables::conversation_key(id_), tables::encode(row_));
  write_busy(batch);
}

void conversation_logic::write_row(decision& to, text_packer& texts, wall_ms now) {
  to.chunks = texts.take();
  if (!to.chunks.empty()) {
    // Should this break off, whoever comes next finds the chunks by these two rows.
    auto& first = to.chunks.front();
    first.put(tables::unclaimed_key(id_), row_.key);
    if (!std::exchange(busy_written_, true))
      first.put(tables::busy_key(id_), row_.key);
    if (!unclaimed_)
      to.batch.erase(tables::unclaimed_key(id_));
  }
  write_row(to.batch, now);
}

void conversation_logic::write_run(write_batch& batch, const tables::run_row& run) {
  batch.put(tables::run_key(id_, run.run_id), tables::encode(run));
}

void conversation_logic::add_messages(decision& to, text_packer& texts, new_messages messages,
                                      wall_ms now) {
  for (auto& message : messages) {
    message.seq = ++row_.message_seq;
    message.at = stamp_.next(now);
    message.id =
        fmt::format("{:016x}", checksum(message.run_id + ":" + row_.session_id, message.seq));
    to.batch.put(tables::message_key(id_, message.seq), tables::encode(texts.pack(message)));
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

void conversation_logic::open_run(decision& to, text_packer& texts, tables::run_row run,
                                  const tables::input_row& input, const caller_turn* caller,
                                  const boot_facts& facts, wall_ms now) {
  run.state = run_state::open;
  run.started_at = stamp_.next(now);
  run.attempt = 1;
  run.attempt_boot = facts.boot;
  run.first_seq = row_.message_seq + 1;
  run.caller_options = input.caller_options;
  add_messages(to, texts, messages_of(input, caller), now);
  row_.active_run = run.run_id;
  write_run(to.batch, run);
  active_ = std::move(run);
  to.start_run = true;
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
  text_packer texts{id_};
  add_messages(out, texts, std::move(messages), now);
  settle_calls(out.batch, settled_calls);
  for (auto intent : intents) {
    intent.arguments.resize(std::min(intent.arguments.size(), intent_arguments_bytes_max));
    intent.run_id = active_->run_id;
    intent.attempt = active_->attempt;
    intent.at = stamp_.next(now);
    out.batch.put(tables::intent_key(id_, intent.run_id, intent.call_id), tables::encode(intent));
    open_intents_.push_back(intent.call_id);
  }
  ++active_->steps;
  active_->crashes = 0;
  write_run(out.batch, *active_);
  write_row(out, texts, now);
  return out;
}

void conversation_logic::close_row(write_batch& batch, tables::run_row run,
                                   const run_outcome& outcome) {
  run.state = run_state::closed;
  run.extra_system_prompt.clear();
  run.caller_options.clear();
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
  text_packer texts{id_};
  add_messages(out, texts, std::move(messages), now);
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
  begin_next(out, texts, facts, now);
  write_row(out, texts, now);
  out.batch.append(expired);
  return out;
}

} // namespace troupe
