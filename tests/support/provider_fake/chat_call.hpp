#pragma once

#include <optional>
#include <string>
#include <vector>

namespace troupe::test {

/// What a chat completions request asks, as far as the fake cares.
struct chat_call {
  std::string model;
  std::string user_text;                 ///< Of the last user message.
  std::vector<std::string> tool_results; ///< After that message, in order.
  unsigned messages = 0;
  bool has_tools = false;
};

/// Empty when `body` is not such a request. `body` may be grown.
std::optional<chat_call> read_chat_call(std::string& body);

} // namespace troupe::test
