#include "actors/model/openai_completions/chunk.hpp"

#include "actors/model/json_members.hpp"

#include <algorithm>

namespace troupe::model::openai_completions {
namespace {

error_code read_function(ondemand::value& value, tool_call_delta& out) {
  return each_member(value, [&](std::string_view key, ondemand::value& member) -> error_code {
    if (key == "name")
      return member.get_string().get(out.name);
    if (key != "arguments")
      return simdjson::SUCCESS;
    ondemand::json_type type{};
    if (const auto failed = member.type().get(type))
      return failed;
    if (type != ondemand::json_type::object)
      return member.get_string().get(out.arguments);
    // Against the specification, but some local servers send the object itself.
    return read_raw_object(member, out.arguments);
  });
}

error_code read_tool_call(ondemand::value& value, chunk& out) {
  auto& delta = out.tool_calls.emplace_back();
  return each_member(value, [&](std::string_view key, ondemand::value& member) -> error_code {
    if (key == "id")
      return member.get_string().get(delta.id);
    if (key == "function")
      return read_function(member, delta);
    if (key != "index")
      return simdjson::SUCCESS;
    std::int64_t index = 0;
    const auto failed = member.get_int64().get(index);
    delta.index = index;
    return failed;
  });
}

error_code read_delta(ondemand::value& value, chunk& out) {
  return each_member(value, [&](std::string_view key, ondemand::value& member) -> error_code {
    if (key == "content" || key == "refusal")
      return member.get_string().get(out.content);
    if (key == "reasoning_content" || key == "reasoning")
      return member.get_string().get(out.thinking);
    if (key == "tool_calls")
      return each_element(member, [&](ondemand::value& call) { return read_tool_call(call, out); });
    return simdjson::SUCCESS;
  });
}

error_code read_choice(ondemand::value& value, chunk& out) {
  return each_member(value, [&](std::string_view key, ondemand::value& member) -> error_code {
    if (key == "delta")
      return read_delta(member, out);
    if (key == "finish_reason")
      return member.get_string().get(out.finish_reason);
    return simdjson::SUCCESS;
  });
}

error_code read_count(ondemand::value& value, std::uint64_t& out) {
  return value.get_uint64().get(out);
}

error_code read_usage(ondemand::value& value, chunk& out) {
  std::uint64_t prompt = 0;
  model_usage usage;
  const auto failed =
      each_member(value, [&](std::string_view key, ondemand::value& member) -> error_code {
        if (key == "prompt_tokens")
          return read_count(member, prompt);
        if (key == "completion_tokens")
          return read_count(member, usage.output);
        if (key != "prompt_tokens_details")
          return simdjson::SUCCESS;
        return each_member(member, [&](std::string_view name, ondemand::value& count) {
          return name == "cached_tokens" ? read_count(count, usage.cache_read) : simdjson::SUCCESS;
        });
      });
  usage.input = prompt - std::min(prompt, usage.cache_read);
  out.usage = usage;
  return failed;
}

error_code read_failure(ondemand::value& value, chunk& out) {
  auto& said = out.failure.emplace();
  ondemand::json_type type{};
  if (const auto failed = value.type().get(type))
    return failed;
  std::string_view text;
  if (type == ondemand::json_type::object) {
    if (const auto failed = read_raw_object(value, text))
      return failed;
    said = parse_error_body("{\"error\":" + std::string{text} + "}");
  } else if (type == ondemand::json_type::string) {
    const auto failed = value.get_string().get(text);
    said.message = text;
    return failed;
  }
  return simdjson::SUCCESS;
}

error_code read_top(ondemand::object& top, chunk& out) {
  return each_member(top, [&](std::string_view key, ondemand::value& member) -> error_code {
    if (key == "choices")
      return each_element(member,
                          [&](ondemand::value& choice) { return read_choice(choice, out); });
    if (key == "id")
      return member.get_string().get(out.id);
    if (key == "usage")
      return read_usage(member, out);
    if (key == "error")
      return read_failure(member, out);
    return simdjson::SUCCESS;
  });
}

void clear(chunk& out) {
  out.tool_calls.clear();
  out.id = out.content = out.thinking = out.finish_reason = {};
  out.usage.reset();
  out.failure.reset();
}

} // namespace

bool read_chunk(std::string& json, chunk& out) {
  clear(out);
  return read_json_object(json, [&](ondemand::object& top) { return read_top(top, out); });
}

} // namespace troupe::model::openai_completions
