#pragma once

#include "actors/model/types.hpp"

#include <chrono>
#include <string_view>
#include <vector>

/// The built-in model for a machine without keys: no network, no intelligence, the same answer to
/// the same conversation every time. It shows streaming, tools, memory and long runs. Pure.
namespace troupe::model::demo {

/// The catalog's only entry, as in "demo/demo".
inline constexpr std::string_view model_id = "demo";
inline constexpr std::chrono::milliseconds slow_max = std::chrono::minutes{10};

/// Wait for `delay`, then let `event` happen.
struct demo_step {
  std::chrono::milliseconds delay{0};
  model_event event;
};

/// A whole answer ahead of time: the caller paces the steps and may stop between any two.
/// `result` is what the steps add up to.
struct demo_plan {
  std::vector<demo_step> steps;
  model_result result;
};

/// Answers the last message of `request`:
/// - tool results: says what the tools answered;
/// - "/slow 10s" (also ms, m; at most `slow_max`): counts its words out over that time;
/// - "what time is it": calls `session_status`; "list files": calls `ls` with path ".";
///   "read notes.md": calls `read`; each only when the request offers that tool;
/// - "what did I say": quotes the user's previous message;
/// - anything else: quotes it, and says that this is the demo model and no key is configured.
demo_plan plan(const model_request& request);

} // namespace troupe::model::demo
