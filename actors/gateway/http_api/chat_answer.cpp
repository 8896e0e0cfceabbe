#include "actors/gateway/http_api/chat_answer.hpp"

#include "actors/gateway/json_writer.hpp"
#include "actors/gateway/probes.hpp"

namespace troupe::gateway::http_api {
namespace {

std::string_view finish_reason_of(const run_outcome& outcome) {
  if (!outcome.calls.empty())
    return "tool_calls";
  return outcome.stop_reason == "length" ? "length" : "stop";
}

void write_usage(json_writer& out, const run_outcome& outcome) {
  const auto prompt = prompt_tokens(outcome);
  out.begin_object()
      .member("prompt_tokens", prompt)
      .member("completion_tokens", outcome.output_tokens)
      .member("total_tokens", prompt + outcome.output_tokens)
      .end_object();
}

void write_call(json_writer& out, const tables::tool_call& call) {
  out.begin_object()
      .member("id", call.id)
      .member("type", "function")
      .key("function")
      .begin_object()
      .member("name", call.name)
      .member("arguments", call.arguments)
      .end_object()
      .end_object();
}

void write_head(json_writer& out, const chat_answer::facts& about, std::string_view object) {
  out.begin_object()
      .member("id", about.id)
      .member("object", object)
      .member("created", about.created_s)
      .member("model", about.model)
      .key("choices")
      .begin_array();
}

/// The call without its arguments, then these: a client joins them.
std::string call_begins(std::size_t index, const tables::tool_call& call) {
  json_writer out;
  out.begin_object().key("tool_calls").begin_array().begin_object();
  out.member("index", index).member("id", call.id).member("type", "function");
  out.key("function").begin_object().member("name", call.name).member("arguments", "").end_object();
  out.end_object().end_array().end_object();
  return out.take();
}

std::string call_arguments_follow(std::size_t index, const tables::tool_call& call) {
  json_writer out;
  out.begin_object().key("tool_calls").begin_array().begin_object().member("index", index);
  out.key("function").begin_object().member("arguments", call.arguments).end_object();
  out.end_object().end_array().end_object();
  return out.take();
}

} // namespace

net::http_response chat_answer::whole(const run_outcome& outcome) {
  json_writer out;
  write_head(out, about_, "chat.completion");
  out.begin_object().member("index", 0).key("message").begin_object();
  out.member("role", "assistant").member("content", outcome.text);
  if (!outcome.calls.empty()) {
    out.key("tool_calls").begin_array();
    for (const auto& call : outcome.calls)
      write_call(out, call);
    out.end_array();
  }
  out.end_object().member("finish_reason", finish_reason_of(outcome)).end_object().end_array();
  out.key("usage");
  write_usage(out, outcome);
  out.end_object();
  return json_response(200, out.take());
}

net::http_response chat_answer::failed(const api_error& why) {
  return to_response(why);
}

std::string chat_answer::chunk(std::string_view delta, std::string_view finish_reason) const {
  json_writer out;
  out.reserve(delta.size() + 256);
  write_head(out, about_, "chat.completion.chunk");
  out.begin_object().member("index", 0).member_raw("delta", delta);
  if (finish_reason.empty())
    out.member_null("finish_reason");
  else
    out.member("finish_reason", finish_reason);
  out.end_object().end_array().end_object();
  return sse_data(out.take());
}

std::string chat_answer::begin() {
  return chunk(R"({"role":"assistant"})", {});
}

std::string chat_answer::text(std::string_view piece) {
  json_writer delta;
  delta.begin_object().member("content", piece).end_object();
  return chunk(delta.take(), {});
}

std::string chat_answer::end(const run_outcome& outcome) {
  std::string out;
  for (std::size_t i = 0; i < outcome.calls.size(); ++i) {
    out += chunk(call_begins(i, outcome.calls[i]), {});
    out += chunk(call_arguments_follow(i, outcome.calls[i]), {});
  }
  out += chunk("{}", finish_reason_of(outcome));
  if (about_.include_usage) {
    json_writer usage;
    write_head(usage, about_, "chat.completion.chunk");
    usage.end_array().key("usage");
    write_usage(usage, outcome);
    usage.end_object();
    out += sse_data(usage.take());
  }
  out += sse_done;
  return out;
}

std::string chat_answer::broken(const api_error& why) {
  return sse_data(error_body(why)) + std::string{sse_done};
}

} // namespace troupe::gateway::http_api
