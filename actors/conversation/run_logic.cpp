#include "actors/conversation/run_logic.hpp"

#include "actors/conversation/limits.hpp"
#include "base/assert.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe {
namespace {

using tables::message_role;
using tables::message_row;
using tables::run_status;

constexpr std::string_view unknown_result = "The gateway was interrupted while this call ran. "
                                            "Whether it took effect is unknown, and it was "
                                            "not run again.";

std::string_view protocol_name(model::stop_reason reason) {
  switch (reason) {
  case model::stop_reason::stop:
    return "stop";
  case model::stop_reason::tool_use:
    return "toolUse";
  case model::stop_reason::length:
    return "length";
  case model::stop_reason::aborted:
    return "aborted";
  case model::stop_reason::error:
    break;
  }
  return "error";
}

/// protocol.md section 5, chat error: refusal, timeout, rate_limit, context_length, unknown.
std::string_view protocol_name(model::failure_kind kind) {
  switch (kind) {
  case model::failure_kind::rate_limit:
    return "rate_limit";
  case model::failure_kind::timeout:
    return "timeout";
  case model::failure_kind::context_length:
    return "context_length";
  case model::failure_kind::refusal:
    return "refusal";
  default:
    return "unknown";
  }
}

/// At most `bytes_max` bytes of `text`, cut between characters.
std::string cut(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max)
    return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
    --end;
  text.resize(end);
  return text;
}

/// Why these calls end the run; empty: they do not.
std::string refusal_of(const std::vector<model::tool_call>& calls, std::uint32_t model_calls) {
  std::size_t arguments_bytes = 0;
  std::size_t names_bytes = 0;
  for (const auto& call : calls) {
    arguments_bytes += call.arguments_json.size();
    names_bytes += call.id.size() + call.name.size();
  }
  if (calls.size() > tool_calls_answered_max)
    return fmt::format("the model asked for {} tool calls at once, at most {} are accepted",
                       calls.size(), tool_calls_answered_max);
  if (arguments_bytes > call_arguments_bytes_max)
    return fmt::format("the model sent {} bytes of tool arguments, at most {} are accepted",
                       arguments_bytes, call_arguments_bytes_max);
  if (names_bytes > call_names_bytes_max)
    return fmt::format("the model sent {} bytes of tool names and ids, at most {} are accepted",
                       names_bytes, call_names_bytes_max);
  if (model_calls >= model_calls_max)
    return fmt::format("the run needed more than {} model calls and was stopped", model_calls_max);
  return {};
}

} // namespace

run_logic::run_logic(tables::run_row run, prompt_inputs inputs, std::string provider,
                     std::string api, transcript before,
                     const std::vector<tables::intent_row>& intents)
    : run_(std::move(run)), inputs_(std::move(inputs)), provider_(std::move(provider)),
      api_(std::move(api)), before_(std::move(before)) {
  outcome_.run_id = run_.run_id;
  outcome_.provider = provider_;
  outcome_.model = inputs_.model->id;
  resume(intents);
}

void run_logic::resume(const std::vector<tables::intent_row>& intents) {
  const auto& rows = before_.of_run;
  const auto asked = std::find_if(rows.rbegin(), rows.rend(), [&](const auto& row) {
    return row.role == message_role::assistant && row.run_id == run_.run_id;
  });
  for (const auto& row : rows) {
    if (row.run_id != run_.run_id || row.role != message_role::assistant)
      continue;
    ++model_calls_;
    outcome_.input_tokens += row.input_tokens;
    outcome_.output_tokens += row.output_tokens;
    for (const auto& call : row.calls)
      note_tool(call.name);
  }
  if (asked == rows.rend())
    return;
  std::vector<tables::tool_call> open;
  for (const auto& call : asked->calls) {
    const bool has_result =
        std::any_of(rows.rbegin(), asked, [&](const auto& row) { return row.call_id == call.id; });
    if (!has_result)
      open.push_back(call);
  }
  outcome_.text = asked->text;
  std::vector<tables::tool_call> again;
  for (auto& call : open) {
    if (inputs_.is_callers_tool(call.name)) {
      callers_calls_.push_back(std::move(call));
      continue;
    }
    const auto intent = std::ranges::find(intents, call.id, &tables::intent_row::call_id);
    if (intent != intents.end() && intent->effect == effect_class::once) {
      add_result(call, std::string{unknown_result}, true);
      record_first_ = true;
    } else {
      again.push_back(std::move(call));
    }
  }
  for (auto& call : again)
    if (const auto* tool = inputs_.own_tool(call.name))
      ready_.push_back({std::move(call), tool});
    else
      add_result(call, fmt::format("There is no tool named {}.", call.name), true);
}

run_logic::action run_logic::next() {
  if (!closing_ && ready_.empty() && !callers_calls_.empty())
    end_with_calls();
  if (closing_)
    return close{std::exchange(unrecorded_, {}), std::exchange(settled_, {}), outcome_};
  if (record_first_ || unrecorded_bytes() > merged_results_bytes_max)
    return record{unrecorded_, new_intents_, settled_};
  if (!ready_.empty())
    return run_tools{ready_};
  return ask_model{build_prompt(inputs_, before_, unrecorded_)};
}

void run_logic::end_with_calls() {
  outcome_.calls = std::exchange(callers_calls_, {});
  finish(run_status::ok, callers_turn);
}

void run_logic::recorded() {
  before_.of_run.insert(before_.of_run.end(), std::make_move_iterator(unrecorded_.begin()),
                        std::make_move_iterator(unrecorded_.end()));
  unrecorded_.clear();
  new_intents_.clear();
  settled_.clear();
  record_first_ = false;
}

void run_logic::answered(const model::model_result& answer) {
  ++model_calls_;
  outcome_.input_tokens += answer.usage.input;
  outcome_.output_tokens += answer.usage.output;
  outcome_.cache_read += answer.usage.cache_read;
  outcome_.cache_write += answer.usage.cache_write;
  auto message = assistant_message(answer.text, protocol_name(answer.stop_reason));
  message.input_tokens = answer.usage.input;
  message.output_tokens = answer.usage.output;
  message.cache_read = answer.usage.cache_read;
  message.cache_write = answer.usage.cache_write;

  if (answer.tool_calls.empty()) {
    outcome_.text = message.text;
    unrecorded_.push_back(std::move(message));
    finish(run_status::ok, std::string{protocol_name(answer.stop_reason)});
    return;
  }
  if (auto wrong = refusal_of(answer.tool_calls, model_calls_); !wrong.empty()) {
    outcome_.error = std::move(wrong);
    message.stop_reason = "error";
    message.error_message = outcome_.error;
    unrecorded_.push_back(std::move(message));
    outcome_.error_kind = "unknown";
    finish(run_status::error, "error");
    return;
  }
  for (const auto& call : answer.tool_calls) {
    message.calls.push_back({call.id, call.name, call.arguments_json});
    note_tool(call.name);
  }
  message.reasoning = answer.reasoning;
  const auto calls = message.calls;
  outcome_.text = message.text;
  unrecorded_.push_back(std::move(message));
  plan_calls(calls);
  record_first_ = true;
}

void run_logic::plan_calls(const std::vector<tables::tool_call>& calls) {
  for (const auto& call : calls) {
    if (inputs_.is_callers_tool(call.name)) {
      callers_calls_.push_back(call);
      continue;
    }
    const auto* tool = inputs_.own_tool(call.name);
    if (tool == nullptr) {
      add_result(call, fmt::format("There is no tool named {}.", call.name), true);
      continue;
    }
    if (ready_.size() == tool_calls_per_answer_max) {
      add_result(call,
                 fmt::format("Only {} calls run per answer; ask again for this one.",
                             tool_calls_per_answer_max),
                 true);
      continue;
    }
    ready_.push_back({call, tool});
    if (tool->effect == effect_class::pure)
      continue;
    tables::intent_row intent;
    intent.call_id = call.id;
    intent.tool = call.name;
    intent.arguments = call.arguments;
    intent.effect = tool->effect;
    new_intents_.push_back(std::move(intent));
  }
}

/// Once each, and only what there is: the run's row has room for these.
void run_logic::note_tool(const std::string& name) {
  auto& used = outcome_.tools_used;
  if (inputs_.own_tool(name) != nullptr && std::ranges::find(used, name) == used.end())
    used.push_back(name);
}

void run_logic::tools_finished(const std::vector<tool_output>& outputs) {
  TR_ASSERT(outputs.size() == ready_.size(), "one output per call");
  const auto calls = std::exchange(ready_, {});
  const std::size_t each = std::min(tool_result_bytes_max, round_results_bytes_max / calls.size());
  for (std::size_t i = 0; i < calls.size(); ++i) {
    auto text = cut(outputs[i].text, each - 64);
    if (text.size() < outputs[i].text.size())
      text += fmt::format("\n[cut: {} of {} bytes]", text.size(), outputs[i].text.size());
    add_result(calls[i].call, std::move(text), outputs[i].is_error);
    record_first_ = record_first_ || calls[i].tool->effect == effect_class::once;
  }
}

void run_logic::failed(const model::model_failure& failure, std::string partial_text) {
  outcome_.error = failure.message;
  outcome_.error_kind = protocol_name(failure.kind);
  outcome_.text = cut(std::move(partial_text), answer_text_bytes_max);
  auto message = assistant_message(outcome_.text, "error");
  message.error_message = failure.message;
  unrecorded_.push_back(std::move(message));
  finish(run_status::error, "error");
}

void run_logic::stop(run_status status, std::string stop_reason, std::string error_text,
                     std::string partial_text) {
  if (closing_)
    return;
  outcome_.text = cut(std::move(partial_text), answer_text_bytes_max);
  outcome_.error = std::move(error_text);
  if (!outcome_.error.empty())
    outcome_.error_kind = stop_reason == "timeout" ? "timeout" : "unknown";
  if (!outcome_.text.empty() || status == run_status::error) {
    auto message =
        assistant_message(outcome_.text, status == run_status::error ? "error" : "aborted");
    message.error_message = outcome_.error;
    unrecorded_.push_back(std::move(message));
  }
  ready_.clear();
  callers_calls_.clear();
  finish(status, std::move(stop_reason));
}

void run_logic::finish(run_status status, std::string stop_reason) {
  closing_ = true;
  outcome_.status = status;
  outcome_.stop_reason = std::move(stop_reason);
}

message_row run_logic::assistant_message(std::string text, std::string_view stop_reason) const {
  message_row message;
  message.role = message_role::assistant;
  message.run_id = run_.run_id;
  message.text = cut(std::move(text), answer_text_bytes_max);
  message.provider = provider_;
  message.model = inputs_.model->id;
  message.api = api_;
  message.stop_reason = stop_reason;
  return message;
}

void run_logic::add_result(const tables::tool_call& call, std::string text, bool is_error) {
  message_row message;
  message.role = message_role::tool_result;
  message.run_id = run_.run_id;
  message.call_id = call.id;
  message.tool_name = call.name;
  message.text = std::move(text);
  message.is_error = is_error;
  unrecorded_.push_back(std::move(message));
  settled_.push_back(call.id);
}

std::size_t run_logic::unrecorded_bytes() const {
  std::size_t bytes = 0;
  for (const auto& message : unrecorded_)
    bytes += message.text.size();
  return bytes;
}

} // namespace troupe
