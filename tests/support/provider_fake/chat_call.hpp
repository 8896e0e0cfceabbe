#pragma once

#include <optional>
#include <string>
#include <vector>

namespace troupe::test {

enum class chat_api { openai, anthropic };

/// What a request for an answer asks, as far as the fake cares.
struct chat_call {
  chat_api api = chat_api::openai;
  std::string model;
  std::string user_text;                 ///< Of the last user message.
  std::vector<std::string> tool_results; ///< After that message, in order.
  unsigned rounds = 0;                   ///< Answers that asked for tools, after that message.
  unsigned messages = 0;
  bool has_tools = false;
  bool thinks = false;               ///< Anthropic: thinking is wanted.
  unsigned cache_marks = 0;          ///< Anthropic.
  std::vector<std::string> thoughts; ///< Anthropic: signatures behind the last user message.
};

/// A request of OpenAI's chat completions. Empty when `body` is none. `body` may be grown.
std::optional<chat_call> read_chat_call(std::string& body);

/// A request of Anthropic's messages, as strict as the real service is: turns alternate, no block
/// is empty, all calls have their results first in the next message. Empty: `wrong` says why it is
/// refused.
std::optional<chat_call> read_messages_call(const std::string& body, std::string& wrong);

} // namespace troupe::test
