#pragma once

#include "actors/bridge/blocking_pool.hpp"
#include "actors/support/observed.hpp"
#include "actors/tool/tool.hpp"

#include <caf/actor.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace troupe {

struct tool_call_state {
  static constexpr const char* name = "tool";
  ~tool_call_state();
  registration place;
  tool_context context;
  std::chrono::nanoseconds started{};
  bool ended = false;
};

/// One tool invocation. Runs `tool` on the pool (a pure one in the actor itself), tells `run`
/// `tool_ended` with `position`, and quits. Over its deadline, or when the pool is full, the output
/// is an error that says so; a `once` tool's then says that its effect is unknown. When the run
/// goes away the tool is told to stop through `context.cancelled`.
caf::behavior tool_call(plain_self<tool_call_state> self, std::shared_ptr<blocking_pool> pool,
                        std::shared_ptr<actor_registry> registry, std::string path,
                        const tool_declaration* tool, tool_context context, std::string arguments,
                        std::size_t position, caf::actor run);

} // namespace troupe
