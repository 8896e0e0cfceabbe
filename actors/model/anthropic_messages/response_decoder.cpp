#include "actors/model/anthropic_messages/response_decoder.hpp"

#include <utility>

namespace troupe::model::anthropic_messages {
namespace {

constexpr std::size_t stop_reason_bytes_max = 128;

bool was_cut(std::string_view stop_reason) {
  return stop_reason == "max_tokens" || stop_reason == "model_context_window_exceeded";
}

/// Over the bound nothing more is kept: `reasoning_writer` forgets what is that long.
void append_bounded(std::string& out, std::string_view piece) {
  if (out.size() <= reasoning_bytes_max)
    out += piece;
}

} // namespace

void response_decoder::take_event(std::string_view data, std::vector<model_event>& events) {
  padded_ = data;
  if (!read_event(padded_, event_))
    return fail_bad("an event of the stream is not the JSON of a message's event");
  if (event_.failure)
    return fail_said(*event_.failure);
  const auto type = event_.type;
  if (type == "message_start" && result_.response_id.empty())
    result_.response_id = event_.id.substr(0, response_id_bytes_max);
  note_usage();
  if (type == "content_block_start") {
    start_block();
    add_delta(events);
  } else if (type == "content_block_delta") {
    if (block_ == block::none || event_.index != index_)
      return fail_bad("a piece of a content block that is not open");
    add_delta(events);
  } else if (type == "content_block_stop") {
    close_block();
  } else if (type == "message_delta" && !event_.stop_reason.empty()) {
    stop_reason_ = event_.stop_reason.substr(0, stop_reason_bytes_max);
  } else if (type == "message_stop") {
    complete(events);
  }
}

// Counts are totals, also those of later events.
void response_decoder::note_usage() {
  auto& usage = result_.usage;
  const auto& told = event_.usage;
  usage.input = told.input.value_or(usage.input);
  usage.output = told.output.value_or(usage.output);
  usage.cache_read = told.cache_read.value_or(usage.cache_read);
  usage.cache_write = told.cache_write.value_or(usage.cache_write);
}

void response_decoder::start_block() {
  close_block();
  index_ = event_.index;
  const auto& begun = event_.block;
  if (begun.type == "text") {
    block_ = block::text;
  } else if (begun.type == "thinking") {
    block_ = block::thinking;
  } else if (begun.type == "redacted_thinking") {
    block_ = block::redacted;
    append_bounded(signature_, begun.data);
  } else if (begun.type == "tool_use") {
    block_ = block::tool;
    ++tool_number_;
    has_arguments_ = false;
    if (const auto added = tools_.add({tool_number_, begun.id, begun.name, {}}); !added)
      return fail_bad(added.error().detail);
    if (begun.input.size() > tool_arguments_bytes_max)
      return fail_bad("a tool call is over its bound");
    input_ = begun.input;
  } else {
    block_ = block::other;
  }
}

void response_decoder::add_delta(std::vector<model_event>& events) {
  if (block_ == block::text)
    add_text(event_.text, events);
  else if (block_ == block::thinking)
    add_thinking(events);
  else if (block_ == block::tool)
    add_arguments(event_.partial_json);
}

void response_decoder::add_thinking(std::vector<model_event>& events) {
  if (!event_.thinking.empty())
    events.emplace_back(thinking_delta{std::string{event_.thinking}});
  append_bounded(thinking_, event_.thinking);
  append_bounded(signature_, event_.signature);
}

void response_decoder::add_arguments(std::string_view piece) {
  if (piece.empty())
    return;
  has_arguments_ = true;
  if (const auto added = tools_.add({tool_number_, {}, {}, piece}); !added)
    fail_bad(added.error().detail);
}

void response_decoder::close_block() {
  const auto calls = static_cast<std::size_t>(tool_number_ + 1);
  if (block_ == block::thinking)
    reasoning_.add_thinking(result_.text.size(), calls, thinking_, signature_);
  else if (block_ == block::redacted)
    reasoning_.add_redacted(result_.text.size(), calls, signature_);
  else if (block_ == block::tool && !has_arguments_)
    add_arguments(input_);
  block_ = block::none;
  thinking_.clear();
  signature_.clear();
  input_.clear();
}

void response_decoder::finish() {
  close_block();
  if (stop_reason_ == "refusal")
    return fail_refused("The model refused to answer");
  if (was_cut(stop_reason_)) {
    result_.stop_reason = stop_reason::length;
    return;
  }
  if (tools_.empty()) {
    result_.stop_reason = stop_reason::stop;
    return;
  }
  result_.stop_reason = stop_reason::tool_use;
  auto calls = tools_.take(result_.response_id);
  if (!calls)
    return fail_bad(calls.error().detail);
  result_.tool_calls = std::move(calls).value();
  result_.reasoning = reasoning_.take();
}

} // namespace troupe::model::anthropic_messages
