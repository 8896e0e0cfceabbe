#pragma once

#include "actors/model/prompt_message.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// What every provider API speaks in: one call's prompt, its streamed events and its outcome.
/// Plain values, no actors, no sockets.
namespace troupe::model {

inline constexpr std::size_t tool_calls_max = 128;                ///< In one answer.
inline constexpr std::size_t tool_arguments_bytes_max = 1u << 20; ///< Of one call.
inline constexpr std::size_t reasoning_bytes_max = 512u << 10;    ///< Of one answer, as it is kept.
inline constexpr std::size_t response_id_bytes_max = 128;

struct tool_definition {
  std::string name;
  std::string description;
  std::string schema_json; ///< JSON Schema of the arguments object, as text.
};

enum class tool_choice : std::uint8_t {
  automatic,
  required, ///< One of the tools must be called, as far as the provider can be made to.
};

struct model_request {
  std::string model; ///< The provider's own id, without "provider/".
  std::string system;
  prompt_messages messages;
  std::vector<tool_definition> tools;
  std::uint32_t max_tokens = 0; ///< 0: the model's default.
  model::tool_choice tool_choice = tool_choice::automatic;
  std::optional<double> temperature{}; ///< Left out where the provider would refuse it.
  std::optional<double> top_p{};
  /// Stable per conversation; lets the provider route to a warm prompt cache. May be empty.
  std::string session_key;
};

/// Tokens. `input` counts all prompt tokens but those read from or written to the provider's cache.
struct model_usage {
  std::uint64_t input = 0;
  std::uint64_t output = 0;
  std::uint64_t cache_read = 0;
  std::uint64_t cache_write = 0;
  friend bool operator==(const model_usage&, const model_usage&) = default;
};

enum class stop_reason : std::uint8_t { stop, tool_use, length, error, aborted };

/// A piece of the answer's text; the pieces joined are the text.
struct text_delta {
  std::string text;
};
/// A piece of the model's reasoning, never part of the answer.
struct thinking_delta {
  std::string text;
};
/// A tool call whose arguments are whole.
struct tool_call_complete {
  tool_call call;
};
struct finished {
  model::stop_reason reason = stop_reason::stop;
};

/// In order: any number of deltas, then tool calls, usage and `finished` last. A broken stream ends
/// without `finished`.
using model_event =
    std::variant<text_delta, thinking_delta, tool_call_complete, model_usage, finished>;

/// One whole answer.
struct model_result {
  std::string text;
  std::vector<tool_call> tool_calls;
  model_usage usage;
  model::stop_reason stop_reason = stop_reason::stop;
  std::string response_id; ///< The provider's, for support questions; may be empty.
  /// What the model thought before it asked for its tools, in the form in which its provider wants
  /// it back, unchanged, with their results. Only for that provider and model; opaque to all
  /// others.
  std::string reasoning;
};

enum class failure_kind : std::uint8_t {
  rate_limit,
  timeout,
  context_length, ///< The prompt does not fit: compact, don't retry.
  refusal,        ///< The provider's content filter.
  auth,           ///< Key missing, wrong, or without funds: needs an operator.
  server,
  connection,
  bad_response, ///< Not the protocol we know.
  unknown,
};

/// As logs write it: `rate_limit`.
std::string_view to_string(failure_kind kind);
std::string_view to_string(stop_reason reason);

/// Why a call gave no answer.
struct model_failure {
  failure_kind kind = failure_kind::unknown;
  unsigned http_status = 0; ///< 0: no response came.
  std::string message{};    ///< May be shown to users: holds no key, no header, no prompt.
  bool retryable = false;
  std::optional<std::chrono::milliseconds> retry_after{}; ///< The provider's wish: a floor.
};

using model_outcome = std::variant<model_result, model_failure>;

} // namespace troupe::model
