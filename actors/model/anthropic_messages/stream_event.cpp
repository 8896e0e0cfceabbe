#include "actors/model/anthropic_messages/stream_event.hpp"

#include "actors/model/json_members.hpp"

namespace troupe::model::anthropic_messages {
namespace {

error_code read_text(ondemand::value& value, std::string_view& out) {
  return value.get_string().get(out);
}

error_code read_count(ondemand::value& value, std::optional<std::uint64_t>& out) {
  return value.get_uint64().get(out.emplace());
}

error_code read_usage(ondemand::value& value, usage_counts& out) {
  return each_member(value, [&](std::string_view key, ondemand::value& member) -> error_code {
    if (key == "input_tokens")
      return read_count(member, out.input);
    if (key == "output_tokens")
      return read_count(member, out.output);
    if (key == "cache_read_input_tokens")
      return read_count(member, out.cache_read);
    if (key == "cache_creation_input_tokens")
      return read_count(member, out.cache_write);
    return simdjson::SUCCESS;
  });
}

error_code read_message(ondemand::value& value, stream_event& out) {
  return each_member(value, [&](std::string_view key, ondemand::value& member) -> error_code {
    if (key == "id")
      return read_text(member, out.id);
    if (key == "usage")
      return read_usage(member, out.usage);
    return simdjson::SUCCESS;
  });
}

error_code read_block(ondemand::value& value, stream_event& out) {
  return each_member(value, [&](std::string_view key, ondemand::value& member) -> error_code {
    if (key == "type")
      return read_text(member, out.block.type);
    if (key == "id")
      return read_text(member, out.block.id);
    if (key == "name")
      return read_text(member, out.block.name);
    if (key == "input")
      return read_raw_object(member, out.block.input);
    if (key == "data")
      return read_text(member, out.block.data);
    if (key == "text")
      return read_text(member, out.text);
    if (key == "thinking")
      return read_text(member, out.thinking);
    if (key == "signature")
      return read_text(member, out.signature);
    return simdjson::SUCCESS;
  });
}

error_code read_delta(ondemand::value& value, stream_event& out) {
  return each_member(value, [&](std::string_view key, ondemand::value& member) -> error_code {
    if (key == "text")
      return read_text(member, out.text);
    if (key == "thinking")
      return read_text(member, out.thinking);
    if (key == "signature")
      return read_text(member, out.signature);
    if (key == "partial_json")
      return read_text(member, out.partial_json);
    if (key == "stop_reason")
      return read_text(member, out.stop_reason);
    return simdjson::SUCCESS;
  });
}

error_code read_failure(ondemand::value& value, stream_event& out) {
  std::string_view text;
  const auto failed = read_raw_object(value, text);
  out.failure = parse_error_body("{\"error\":" + std::string{text} + "}");
  return failed;
}

error_code read_top(ondemand::object& top, stream_event& out) {
  return each_member(top, [&](std::string_view key, ondemand::value& member) -> error_code {
    if (key == "type")
      return read_text(member, out.type);
    if (key == "index")
      return member.get_int64().get(out.index);
    if (key == "message")
      return read_message(member, out);
    if (key == "content_block")
      return read_block(member, out);
    if (key == "delta")
      return read_delta(member, out);
    if (key == "usage")
      return read_usage(member, out.usage);
    if (key == "error")
      return read_failure(member, out);
    return simdjson::SUCCESS;
  });
}

} // namespace

bool read_event(std::string& json, stream_event& out) {
  out = {};
  return read_json_object(json, [&](ondemand::object& top) { return read_top(top, out); });
}

} // namespace troupe::model::anthropic_messages
