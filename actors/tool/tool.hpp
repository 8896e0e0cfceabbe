#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "persistence/tables/conversation_tables.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// What a tool is to a run: one declaration and one blocking function.
namespace troupe {

using tables::effect_class;

/// Set when the run is stopped; a tool looks at it between pieces of work.
using cancel_flag = std::shared_ptr<std::atomic<bool>>;

/// What a tool is told about where it runs.
struct tool_context {
  std::string agent_id;
  std::string session_key;
  std::string session_id;
  std::string run_id;
  std::string call_id;
  std::string workspace; ///< Absolute; file tools stay beneath it.
  std::string model;     ///< "provider/model" of the call that asked.
  std::uint64_t context_tokens = 0;
  const clock* time = nullptr;
  cancel_flag cancelled;
};

struct tool_output {
  std::string text;
  bool is_error = false;
};

/// Runs one call. `arguments`: the JSON object's text as the model sent it, not validated.
/// Thread: the tool actor's own; may block up to the declaration's deadline.
using tool_function = std::function<tool_output(const tool_context&, std::string_view arguments)>;

struct tool_declaration {
  std::string name;
  std::string description;
  std::string schema; ///< JSON Schema of the arguments object, as text.
  effect_class effect = effect_class::repeatable;
  std::chrono::milliseconds deadline{30'000};
  tool_function run;
};

/// The tools of this node. Built once at start, then read only.
class tool_catalog {
public:
  void add(tool_declaration tool);
  const tool_declaration* find(std::string_view name) const;
  const std::vector<tool_declaration>& all() const { return tools_; }

private:
  std::vector<tool_declaration> tools_;
};

/// `session_status`, `read`, `ls`.
tool_catalog built_in_tools();

} // namespace troupe
