#include "actors/gateway/transcript.hpp"

#include <string>

namespace troupe::gateway {
namespace {

constexpr std::string_view omitted = "\n[... shortened: the message is too long to show here]";

void write_text_block(json_writer& out, std::string_view kind, std::string_view text,
                      const message_bounds& bounds) {
  out.begin_object().member("type", kind).key(kind);
  write_text(out, text, bounds);
  out.end_object();
}

/// Arguments are JSON text of the model's making, checked before they were stored; still, nothing
/// but an object may be spliced in.
bool looks_like_object(std::string_view text) {
  return text.size() >= 2 && text.front() == '{' && text.back() == '}';
}

void write_calls(json_writer& out, const tables::message_row& row, const message_bounds& bounds) {
  for (const auto& call : row.calls) {
    out.begin_object().member("type", "toolCall").member("id", call.id).member("name", call.name);
    if (looks_like_object(call.arguments) && call.arguments.size() <= bounds.text_bytes_max)
      out.member_raw("arguments", call.arguments);
    else
      out.member_raw("arguments", "{}");
    out.end_object();
  }
}

void write_assistant(json_writer& out, const tables::message_row& row,
                     const message_bounds& bounds) {
  out.member("role", "assistant").key("content").begin_array();
  if (!row.thinking.empty())
    write_text_block(out, "thinking", row.thinking, bounds);
  if (!row.text.empty())
    write_text_block(out, "text", row.text, bounds);
  write_calls(out, row, bounds);
  out.end_array();
  out.member_if("api", row.api)
      .member_if("provider", row.provider)
      .member_if("model", row.model)
      .key("usage")
      .begin_object()
      .member("input", row.input_tokens)
      .member("output", row.output_tokens)
      .member("totalTokens", row.input_tokens + row.output_tokens)
      .member("cacheRead", row.cache_read)
      .member("cacheWrite", row.cache_write)
      .member_raw("cost", R"({"input":0,"output":0,"cacheRead":0,"cacheWrite":0,"total":0})")
      .end_object();
  out.member_if("stopReason", row.stop_reason).member_if("errorMessage", row.error_message);
}

void write_tool_result(json_writer& out, const tables::message_row& row,
                       const message_bounds& bounds) {
  out.member("role", "toolResult")
      .member("toolCallId", row.call_id)
      .member("toolName", row.tool_name)
      .key("content")
      .begin_array();
  write_text_block(out, "text", row.text, bounds);
  out.end_array().member("isError", row.is_error);
}

void write_user(json_writer& out, const tables::message_row& row, const message_bounds& bounds) {
  out.member("role", "user").key("content");
  write_text(out, row.text, bounds);
  out.member("idempotencyKey", row.run_id + ":user");
}

void write_origin(json_writer& out, const tables::message_row& row, std::string_view session_id) {
  out.key("__openclaw").begin_object().member("id", row.id).member("seq", row.seq);
  out.member("recordTimestampMs", row.at).member_if("runId", row.run_id);
  if (row.context_free)
    out.member("contextFreeCommand", true);
  if (row.role == tables::message_role::user) {
    out.member("idempotencyKey", row.run_id + ":user");
    if (!row.client_id.empty())
      out.key("transport")
          .begin_object()
          .key("clients")
          .begin_array()
          .begin_object()
          .member("id", row.client_id)
          .member("mode", row.client_mode)
          .end_object()
          .end_array()
          .end_object();
  }
  if (!session_id.empty())
    out.key("transcriptPosition")
        .begin_object()
        .member("source", session_id)
        .member("rawSeq", row.seq)
        .end_object();
  out.end_object();
}

} // namespace

void write_text(json_writer& out, std::string_view text, const message_bounds& bounds) {
  if (text.size() <= bounds.text_bytes_max) {
    out.value(text);
    return;
  }
  std::string shown{cut_utf8(text, bounds.text_bytes_max)};
  shown += omitted;
  out.value(shown);
}

void write_message(json_writer& out, const tables::message_row& row, std::string_view session_id,
                   const message_bounds& bounds) {
  out.begin_object();
  switch (row.role) {
  case tables::message_role::user:
    write_user(out, row, bounds);
    break;
  case tables::message_role::assistant:
    write_assistant(out, row, bounds);
    break;
  case tables::message_role::tool_result:
    write_tool_result(out, row, bounds);
    break;
  case tables::message_role::note:
    out.member("role", "system").key("content");
    write_text(out, row.text, bounds);
    break;
  }
  out.member("timestamp", row.at);
  if (row.context_free)
    out.member("excludeFromContext", true);
  write_origin(out, row, session_id);
  out.end_object();
}

void write_chat_message(json_writer& out, std::string_view text, wall_ms at) {
  out.begin_object()
      .member("role", "assistant")
      .key("content")
      .begin_array()
      .begin_object()
      .member("type", "text")
      .member("text", text)
      .end_object()
      .end_array()
      .member("timestamp", at)
      .end_object();
}

std::string tool_title(std::string_view name) {
  std::string title{name};
  if (!title.empty() && title.front() >= 'a' && title.front() <= 'z')
    title.front() = static_cast<char>(title.front() - 'a' + 'A');
  for (auto& c : title)
    if (c == '_')
      c = ' ';
  return title;
}

} // namespace troupe::gateway
