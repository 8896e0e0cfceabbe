#pragma once

#include "persistence/tables/conversation_tables.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a caller of the HTTP API sends along with an input: what was said before, by its account,
/// and how the answer is to be made. Both are stored as records of their own in fields of the rows
/// that they belong to. Formats: docs/formats/tables.md, "What a caller sends along".
namespace troupe::tables {

/// One message of the caller's account.
struct told_message {
  message_role role = message_role::user; ///< `note`: an instruction.
  std::string text{};
  std::vector<tool_call> calls{}; ///< Assistant only; whole, never in chunks.
  std::string call_id{};          ///< Tool results only.
};

/// A function that the caller runs: a call of it ends the run.
struct caller_tool {
  std::string name;
  std::string description{};
  std::string schema{}; ///< JSON Schema of the arguments object, as text; empty: any object.
};

enum class tool_choice : std::uint8_t {
  automatic = 0,
  required = 1, ///< The answer must call one of the caller's tools; none but those are offered.
};

/// How the answer is to be made.
struct caller_options {
  std::vector<caller_tool> tools{};
  tool_choice choice = tool_choice::automatic;
  std::optional<double> temperature{};
  std::optional<double> top_p{};
  std::uint32_t max_tokens = 0; ///< 0: the model's.

  bool empty() const {
    return tools.empty() && choice == tool_choice::automatic && !temperature && !top_p &&
           max_tokens == 0;
  }
};

std::string encode(const std::vector<told_message>& history);
std::string encode(const caller_options& options);
/// Errors: `corrupt`. No bytes: no messages, no wishes.
result<std::vector<told_message>> decode_history(std::string_view bytes);
result<caller_options> decode_caller_options(std::string_view bytes);

} // namespace troupe::tables
