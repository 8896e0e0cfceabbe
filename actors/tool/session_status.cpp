#include "actors/tool/built_in.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <string>

namespace troupe {
namespace {

/// "2026-11-25 09:13:27 UTC (Wednesday)", in the host's time zone.
std::string time_text(const tool_context& context) {
  const auto seconds = static_cast<std::time_t>(context.time->now_wall_ms() / 1000);
  std::tm local{};
  localtime_r(&seconds, &local);
  char text[96];
  const auto size = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %Z (%A)", &local);
  return {text, size};
}

tool_output session_status(const tool_context& context, std::string_view) {
  return {fmt::format("Time: {}\nModel: {}\nSession: {}\nAgent: {}\nContext: {} tokens in use",
                      time_text(context), context.model, context.session_key, context.agent_id,
                      context.context_tokens),
          false};
}

} // namespace

tool_declaration session_status_tool() {
  return {.name = "session_status",
          .description = "Current date and time, and the state of this session: model, key, tokens "
                         "in use. The only way to know what time it is.",
          .schema = R"({"type":"object","properties":{},"additionalProperties":false})",
          .effect = effect_class::pure,
          .deadline = std::chrono::milliseconds{5'000},
          .run = session_status};
}

} // namespace troupe
