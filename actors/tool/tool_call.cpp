#include "actors/tool/tool_call.hpp"

#include "actors/conversation/run_messages.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>

#include <exception>
#include <utility>

namespace troupe {
namespace {

struct tool_returned {
  tool_output output;
};
struct tool_tick {};

} // namespace
} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::tool_returned)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::tool_tick)

namespace troupe {
namespace {

using self_pointer = plain_self<tool_call_state>;

/// How often a tool looks at its deadline; a timer keeps its actor in memory until it fires.
constexpr std::chrono::seconds tick_interval{1};

tool_output invoke(const tool_declaration& tool, const tool_context& context,
                   std::string_view arguments) {
  try {
    return tool.run(context, arguments);
  } catch (const std::exception& failure) {
    log::error("tool", "{} failed: {}", tool.name, failure.what());
    return {fmt::format("{} failed inside the gateway", tool.name), true};
  }
}

void end(self_pointer self, const caf::actor& run, std::size_t position, tool_output output) {
  if (std::exchange(self->state.ended, true))
    return;
  self->send(run, tool_ended{position, std::move(output)});
  self->quit();
}

tool_output late(const tool_declaration& tool) {
  auto text = fmt::format("{} did not finish within {} s and was told to stop", tool.name,
                          std::chrono::duration_cast<std::chrono::seconds>(tool.deadline).count());
  if (tool.effect == effect_class::once)
    text += "; whether it took effect is unknown";
  return {std::move(text), true};
}

} // namespace

tool_call_state::~tool_call_state() {
  if (context.cancelled)
    context.cancelled->store(true);
}

caf::behavior tool_call(self_pointer self, std::shared_ptr<blocking_pool> pool,
                        std::shared_ptr<actor_registry> registry, std::string path,
                        const tool_declaration* tool, tool_context context, std::string arguments,
                        std::size_t position, caf::actor run) {
  self->state.place = self->observe(registry, std::move(path), "tool");
  self->state.context = std::move(context);
  self->state.started = self->state.context.time->now_boot();
  self->watch_elder(run);
  self->set_down_handler([self](const caf::down_msg&) { self->quit(); });
  if (tool->effect == effect_class::pure) {
    self->send(self, tool_returned{invoke(*tool, self->state.context, arguments)});
  } else {
    const bool taken =
        pool->post([tool, arguments = std::move(arguments), context = self->state.context,
                    owner = caf::actor_addr{self->address()}] {
          auto output = invoke(*tool, context, arguments);
          if (auto actor = caf::actor_cast<caf::actor>(owner))
            caf::anon_send(actor, tool_returned{std::move(output)});
        });
    if (!taken)
      self->send(self,
                 tool_returned{{fmt::format("{}: too many tools run already", tool->name), true}});
    self->delayed_send(self, tick_interval, tool_tick{});
  }
  return {
      [=](tool_returned& returned) { end(self, run, position, std::move(returned.output)); },
      [=](const tool_tick&) {
        if (self->state.context.time->now_boot() - self->state.started >= tool->deadline)
          end(self, run, position, late(*tool));
        else
          self->delayed_send(self, tick_interval, tool_tick{});
      },
  };
}

} // namespace troupe
