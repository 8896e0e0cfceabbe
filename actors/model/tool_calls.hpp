#pragma once

#include "actors/model/types.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace troupe::model {

/// One element of `choices[].delta.tool_calls`.
struct tool_call_delta {
  std::optional<std::int64_t> index; ///< Some servers leave it out.
  std::string_view id;
  std::string_view name;
  std::string_view arguments;
};

/// Puts tool calls together from their deltas, in the order in which they began. Pure.
class tool_call_assembler {
public:
  /// Without an index, a new id begins a new call and anything else continues the last one.
  /// Errors: `overloaded`: over `tool_calls_max` or `tool_arguments_bytes_max`.
  result<void> add(const tool_call_delta& delta);
  bool empty() const { return slots_.empty(); }
  /// The whole calls. Missing or repeated ids are replaced by ones made from `response_id`, so that
  /// each call has its own. Errors: `invalid_argument`: a call without a name.
  result<std::vector<tool_call>> take(std::string_view response_id);

private:
  struct slot {
    std::optional<std::int64_t> index;
    tool_call call;
  };
  slot* find(const tool_call_delta& delta);
  std::vector<slot> slots_;
};

} // namespace troupe::model
