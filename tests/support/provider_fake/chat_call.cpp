#include "tests/support/provider_fake/chat_call.hpp"

#include <simdjson.h>

#include <string_view>

namespace troupe::test {
namespace {

namespace ondemand = simdjson::ondemand;

// A message's content: a string, or a list of parts of which the texts count.
std::string text_of(ondemand::value content) {
  std::string_view text;
  if (content.get_string().get(text) == simdjson::SUCCESS)
    return std::string{text};
  std::string out;
  ondemand::array parts;
  if (content.get_array().get(parts) != simdjson::SUCCESS)
    return out;
  for (auto part : parts)
    if (part["text"].get_string().get(text) == simdjson::SUCCESS)
      out += text;
  return out;
}

bool read_message(ondemand::object message, chat_call& out) {
  std::string role;
  std::string text;
  for (auto member : message) {
    std::string_view key;
    if (member.unescaped_key().get(key) != simdjson::SUCCESS)
      return false;
    std::string_view word;
    ondemand::value content;
    if (key == "role" && member.value().get_string().get(word) == simdjson::SUCCESS)
      role = word;
    else if (key == "content" && member.value().get(content) == simdjson::SUCCESS)
      text = text_of(content);
  }
  ++out.messages;
  if (role == "user") {
    out.user_text = std::move(text);
    out.tool_results.clear();
  } else if (role == "tool") {
    out.tool_results.push_back(std::move(text));
  }
  return true;
}

bool read_messages(ondemand::array messages, chat_call& out) {
  for (auto message : messages) {
    ondemand::object object;
    if (message.get_object().get(object) != simdjson::SUCCESS || !read_message(object, out))
      return false;
  }
  return true;
}

bool read_member(std::string_view key, ondemand::value value, chat_call& out) {
  std::string_view word;
  ondemand::array list;
  if (key == "model" && value.get_string().get(word) == simdjson::SUCCESS)
    out.model = word;
  else if (key == "messages")
    return value.get_array().get(list) == simdjson::SUCCESS && read_messages(list, out);
  else if (key == "tools")
    out.has_tools = true;
  return true;
}

} // namespace

std::optional<chat_call> read_chat_call(std::string& body) {
  static thread_local ondemand::parser parser;
  body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
  ondemand::document document;
  ondemand::object top;
  if (parser.iterate(body.data(), body.size(), body.capacity()).get(document) !=
          simdjson::SUCCESS ||
      document.get_object().get(top) != simdjson::SUCCESS)
    return {};
  chat_call out;
  for (auto member : top) {
    std::string_view key;
    ondemand::value value;
    if (member.unescaped_key().get(key) != simdjson::SUCCESS ||
        member.value().get(value) != simdjson::SUCCESS || !read_member(key, value, out))
      return {};
  }
  return out;
}

} // namespace troupe::test
