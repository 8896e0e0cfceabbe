#include "actors/model/openai_completions/chunk.hpp"

#include <simdjson.h>

#include <algorithm>

namespace troupe::model::openai_completions {
namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;

// Kept per thread, so that a call needs no parser memory of its own; larger events bring theirs.
constexpr std::size_t kept_parser_bytes_max = 64u << 10;

// Calls `read(key, value)` for each member that is not null.
template <class Read>
error_code each_member(ondemand::object object, Read&& read) {
  for (auto member : object) {
    std::string_view key;
    if (const auto failed = member.unescaped_key().get(key))
      return failed;
    ondemand::value value;
    if (const auto failed = member.value().get(value))
      return failed;
    bool null = false;
    if (const auto failed = value.is_null().get(null))
      return failed;
    if (null)
      continue;
    if (const auto failed = read(key, value))
      return failed;
  }
  return simdjson::SUCCESS;
}

template <class Read>
error_code each_member(ondemand::value& value, Read&& read) {
  ondemand::object object;
  if (const auto failed = value.get_object().get(object))
    return failed;
  return each_member(object, std::forward<Read>(read));
}

template <class Read>
error_code each_element(ondemand::value& value, Read&& read) {
  ondemand::array array;
  if (const auto failed = value.get_array().get(array))
    return failed;
  for (auto element : array) {
    ondemand::value item;
    if (const auto failed = std::move(element).get(item))
      return failed;
    if (const auto failed = read(item))
      return failed;
  }
  return simdjson::SUCCESS;
}

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
    ondemand::object object;
    if (const auto failed = member.get_object().get(object))
      return failed;
    return object.raw_json().get(out.arguments);
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
    ondemand::object object;
    if (const auto failed = value.get_object().get(object))
      return failed;
    if (const auto failed = object.raw_json().get(text))
      return failed;
    said = parse_error_body("{\"error\":" + std::string{text} + "}");
  } else if (type == ondemand::json_type::string) {
    const auto failed = value.get_string().get(text);
    said.message = text;
    return failed;
  }
  return simdjson::SUCCESS;
}

error_code read_top(ondemand::document& document, chunk& out) {
  ondemand::object top;
  if (const auto failed = document.get_object().get(top))
    return failed;
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

error_code parse(ondemand::parser& parser, std::string& json, chunk& out) {
  ondemand::document document;
  if (const auto failed = parser.iterate(json.data(), json.size(), json.capacity()).get(document))
    return failed;
  if (const auto failed = read_top(document, out))
    return failed;
  // Only behind the last byte there is no location.
  const bool whole = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  return whole ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
}

void clear(chunk& out) {
  out.tool_calls.clear();
  out.id = out.content = out.thinking = out.finish_reason = {};
  out.usage.reset();
  out.failure.reset();
}

} // namespace

bool read_chunk(std::string& json, chunk& out) {
  thread_local ondemand::parser kept;
  thread_local ondemand::parser large;
  clear(out);
  json.reserve(json.size() + simdjson::SIMDJSON_PADDING);
  if (json.size() <= kept_parser_bytes_max)
    return parse(kept, json, out) == simdjson::SUCCESS;
  large = ondemand::parser{};
  return parse(large, json, out) == simdjson::SUCCESS;
}

} // namespace troupe::model::openai_completions
