#pragma once

#include "tests/support/provider_fake/chat_call.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace troupe::test {

/// The bytes of one streamed answer in the words of an API. Each call gives HTTP/1.1 chunks, in
/// the order in which they are to be sent.
class wire {
public:
  virtual ~wire() = default;
  virtual std::string begin(const chat_call& call) = 0;
  virtual std::string text(std::string_view piece) = 0;
  /// Nothing in an API without signed thoughts.
  virtual std::string thought(std::string_view text, std::string_view signature) = 0;
  virtual std::string tool_calls(std::string_view name, std::string_view arguments, unsigned count,
                                 unsigned round) = 0;
  /// `finish`: in OpenAI's words ("stop", "tool_calls", "length"); others are passed on.
  virtual std::string end(const chat_call& call, std::string_view finish, std::size_t output) = 0;
  /// The server is overloaded in the middle of the stream.
  virtual std::string overloaded() = 0;
  /// The body of a refusal.
  virtual std::string refusal(unsigned status, std::string_view message) const = 0;
};

std::unique_ptr<wire> make_openai_wire();
std::unique_ptr<wire> make_anthropic_wire();
inline std::unique_ptr<wire> make_wire(chat_api api) {
  return api == chat_api::openai ? make_openai_wire() : make_anthropic_wire();
}

inline constexpr std::string_view last_chunk = "0\r\n\r\n";

/// JSON text of a string.
std::string quoted(std::string_view text);
/// One event with `data` alone, as a chunk.
std::string event(std::string_view data);
/// One event with a type, as a chunk.
std::string event(std::string_view type, std::string_view data);

} // namespace troupe::test
