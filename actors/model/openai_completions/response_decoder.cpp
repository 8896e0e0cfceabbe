#include "actors/model/openai_completions/response_decoder.hpp"

namespace troupe::model::openai_completions {
namespace {

constexpr std::size_t finish_reason_bytes_max = 128;

stop_reason reason_of(std::string_view finish_reason, bool has_tool_calls) {
  if (finish_reason == "length")
    return stop_reason::length;
  // Some servers say "stop" although they asked for tools, and the other way round.
  return has_tool_calls ? stop_reason::tool_use : stop_reason::stop;
}

} // namespace

void response_decoder::take_event(std::string_view data, std::vector<model_event>& events) {
  if (data == "[DONE]")
    complete(events);
  else
    take_chunk(data, events);
}

void response_decoder::take_chunk(std::string_view json, std::vector<model_event>& events) {
  padded_ = json;
  if (!read_chunk(padded_, chunk_))
    return fail_bad("an event of the stream is not the JSON of a completion");
  if (chunk_.failure)
    return fail_said(*chunk_.failure);
  if (result_.response_id.empty())
    result_.response_id = chunk_.id.substr(0, response_id_bytes_max);
  if (!chunk_.thinking.empty())
    events.emplace_back(thinking_delta{std::string{chunk_.thinking}});
  add_text(chunk_.content, events);
  for (const auto& delta : chunk_.tool_calls)
    if (const auto added = tools_.add(delta); !added)
      return fail_bad(added.error().detail);
  if (!chunk_.finish_reason.empty())
    finish_reason_ = chunk_.finish_reason.substr(0, finish_reason_bytes_max);
  if (chunk_.usage)
    result_.usage = *chunk_.usage;
}

void response_decoder::finish() {
  if (finish_reason_ == "content_filter")
    return fail_refused("The provider's content filter stopped the answer");
  result_.stop_reason = reason_of(finish_reason_, !tools_.empty());
  if (result_.stop_reason != stop_reason::tool_use)
    return;
  auto calls = tools_.take(result_.response_id);
  if (!calls)
    return fail_bad(calls.error().detail);
  result_.tool_calls = std::move(calls).value();
}

} // namespace troupe::model::openai_completions
