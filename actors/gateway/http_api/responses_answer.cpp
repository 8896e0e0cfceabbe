#include "actors/gateway/http_api/responses_answer.hpp"

#include "actors/gateway/probes.hpp"

#include <fmt/format.h>

namespace troupe::gateway::http_api {
namespace {

std::string sse_event(std::string_view type, std::string_view json) {
  return fmt::format("event: {}\n{}", type, sse_data(json));
}

void write_usage(json_writer& out, const run_outcome& outcome) {
  const auto prompt = prompt_tokens(outcome);
  out.begin_object()
      .member("input_tokens", prompt)
      .key("input_tokens_details")
      .begin_object()
      .member("cached_tokens", outcome.cache_read)
      .member("cache_write_tokens", outcome.cache_write)
      .end_object()
      .member("output_tokens", outcome.output_tokens)
      .key("output_tokens_details")
      .begin_object()
      .member("reasoning_tokens", 0)
      .end_object()
      .member("total_tokens", prompt + outcome.output_tokens)
      .end_object();
}

std::string text_part(std::string_view text) {
  json_writer out;
  out.begin_object().member("type", "output_text").member("text", text).end_object();
  return out.take();
}

std::string item_event(std::string_view type, std::size_t output_index, std::string_view item) {
  json_writer out;
  out.begin_object()
      .member("type", type)
      .member("output_index", output_index)
      .member_raw("item", item)
      .end_object();
  return sse_event(type, out.take());
}

} // namespace

std::string responses_answer::response(state now, std::string_view output,
                                       const run_outcome& outcome, const api_error* why) const {
  constexpr std::string_view names[]{"in_progress", "completed", "incomplete", "failed"};
  json_writer out;
  out.reserve(output.size() + 512);
  out.begin_object()
      .member("id", about_.id)
      .member("object", "response")
      .member("created_at", about_.created_s)
      .member("status", names[static_cast<std::size_t>(now)])
      .member("model", about_.model)
      .member_raw("output", output)
      .key("usage");
  write_usage(out, outcome);
  if (now == state::incomplete)
    out.key("incomplete_details").begin_object().member("reason", "max_output_tokens").end_object();
  if (why != nullptr)
    out.key("error")
        .begin_object()
        .member("code", why->type)
        .member("message", why->message)
        .end_object();
  out.end_object();
  return out.take();
}

std::string responses_answer::message_item(std::string_view text) const {
  json_writer out;
  out.begin_object()
      .member("type", "message")
      .member("id", about_.message_id)
      .member("role", "assistant")
      .key("content")
      .begin_array()
      .raw(text_part(text))
      .end_array()
      .member("phase", "final_answer")
      .member("status", "completed")
      .end_object();
  return out.take();
}

std::string responses_answer::call_item(std::size_t index, const tables::tool_call& call) const {
  // Unique in the response, and the same in all its events.
  const auto id = fmt::format("call_{}_{}", about_.id.substr(about_.id.find('_') + 1), index);
  json_writer out;
  out.begin_object()
      .member("type", "function_call")
      .member("id", id)
      .member("call_id", call.id)
      .member("name", call.name)
      .member("arguments", call.arguments)
      .end_object();
  return out.take();
}

/// Without a word and without a call there is an empty message.
std::string responses_answer::output_of(std::string_view text, const run_outcome& outcome) const {
  json_writer out;
  out.begin_array();
  if (!text.empty() || outcome.calls.empty())
    out.raw(message_item(text));
  for (std::size_t i = 0; i < outcome.calls.size(); ++i)
    out.raw(call_item(i, outcome.calls[i]));
  out.end_array();
  return out.take();
}

net::http_response responses_answer::whole(const run_outcome& outcome) {
  const auto now = outcome.stop_reason == "length" ? state::incomplete : state::completed;
  return json_response(200, response(now, output_of(outcome.text, outcome), outcome));
}

net::http_response responses_answer::failed(const api_error& why) {
  // Only of a run that failed there is a response; what was refused never became one.
  if (why.status != 502 && why.status != 504)
    return to_response(why);
  return json_response(why.status, response(state::failed, "[]", {}, &why));
}

std::string responses_answer::begin() {
  std::string out;
  for (const auto* type : {"response.created", "response.in_progress"}) {
    json_writer event;
    event.begin_object()
        .member("type", type)
        .member_raw("response", response(state::in_progress, "[]", {}))
        .end_object();
    out += sse_event(type, event.take());
  }
  return out;
}

json_writer responses_answer::text_event(std::string_view type) const {
  json_writer out;
  out.begin_object()
      .member("type", type)
      .member("item_id", about_.message_id)
      .member("output_index", 0)
      .member("content_index", 0);
  return out;
}

std::string responses_answer::begin_message() {
  if (std::exchange(message_begun_, true))
    return {};
  json_writer item;
  item.begin_object()
      .member("type", "message")
      .member("id", about_.message_id)
      .member("role", "assistant")
      .key("content")
      .begin_array()
      .end_array()
      .member("status", "in_progress")
      .end_object();
  auto part = text_event("response.content_part.added");
  part.member_raw("part", text_part("")).end_object();
  return item_event("response.output_item.added", 0, item.take()) +
         sse_event("response.content_part.added", part.take());
}

std::string responses_answer::text(std::string_view piece) {
  auto out = begin_message();
  told_ += piece;
  auto event = text_event("response.output_text.delta");
  event.member("delta", piece).end_object();
  return out + sse_event("response.output_text.delta", event.take());
}

std::string responses_answer::end_message() const {
  auto text = text_event("response.output_text.done");
  text.member("text", told_).end_object();
  auto part = text_event("response.content_part.done");
  part.member_raw("part", text_part(told_)).end_object();
  return sse_event("response.output_text.done", text.take()) +
         sse_event("response.content_part.done", part.take()) +
         item_event("response.output_item.done", 0, message_item(told_));
}

std::string responses_answer::tell_call(std::size_t output_index, std::size_t index,
                                        const tables::tool_call& call) const {
  auto begun = call;
  begun.arguments.clear();
  return item_event("response.output_item.added", output_index, call_item(index, begun)) +
         item_event("response.output_item.done", output_index, call_item(index, call));
}

std::string responses_answer::end(const run_outcome& outcome) {
  std::string out;
  if (outcome.calls.empty())
    out += begin_message();
  if (message_begun_)
    out += end_message();
  for (std::size_t i = 0; i < outcome.calls.size(); ++i)
    out += tell_call(i + (message_begun_ ? 1 : 0), i, outcome.calls[i]);
  const bool cut = outcome.stop_reason == "length";
  const auto* type = cut ? "response.incomplete" : "response.completed";
  json_writer event;
  event.begin_object()
      .member("type", type)
      .member_raw("response", response(cut ? state::incomplete : state::completed,
                                       output_of(told_, outcome), outcome))
      .end_object();
  return out + sse_event(type, event.take()) + std::string{sse_done};
}

std::string responses_answer::broken(const api_error& why) {
  json_writer event;
  event.begin_object()
      .member("type", "response.failed")
      .member_raw("response", response(state::failed, "[]", {}, &why))
      .end_object();
  return sse_event("response.failed", event.take()) + std::string{sse_done};
}

} // namespace troupe::gateway::http_api
