#include "actors/gateway/slash_commands.hpp"

#include "actors/gateway/sessions.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace troupe::gateway {
namespace {

constexpr std::array<slash_command, 6> commands{{
    {.kind = command_kind::help,
     .name = "help",
     .description = "Show available commands.",
     .category = "status"},
    {.kind = command_kind::status,
     .name = "status",
     .description = "Show the session's model, tokens and state.",
     .category = "status"},
    {.kind = command_kind::model,
     .name = "model",
     .description = "Show or set the session's model.",
     .category = "options",
     .argument = "model",
     .argument_description = "provider/model, list, or default"},
    {.kind = command_kind::fresh,
     .name = "new",
     .description = "Start a new session; a text behind it is its first message.",
     .category = "session",
     .argument = "message",
     .argument_description = "first message of the new session",
     .needed = scope::admin},
    {.kind = command_kind::reset,
     .name = "reset",
     .description = "Reset the session; a text behind it is its first message.",
     .category = "session",
     .argument = "message",
     .argument_description = "first message after the reset",
     .needed = scope::admin},
    {.kind = command_kind::stop,
     .name = "stop",
     .description = "Stop what runs in this session.",
     .category = "session"},
}};

constexpr std::string_view blanks = " \t\r\n";

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string help_text() {
  std::string text = "Commands:";
  for (const auto& command : commands) {
    text += fmt::format("\n/{}", command.name);
    if (!command.argument.empty())
      text += fmt::format(" [{}]", command.argument);
    text += fmt::format(": {}", command.description);
  }
  return text;
}

model_choice chosen_model(const command_facts& facts) {
  return facts.row != nullptr ? model_of(*facts.row, *facts.settings)
                              : default_model(*facts.settings, facts.agent_id);
}

std::string model_line(const command_facts& facts) {
  const auto chosen = chosen_model(facts);
  auto line = fmt::format("Model: {}", chosen.ref.text());
  if (chosen.overridden)
    line += fmt::format(" (set for this session; configured: {}; back: /model default)",
                        default_model(*facts.settings, facts.agent_id).ref.text());
  return line;
}

std::string duration(std::uint64_t ms) {
  const auto seconds = ms / 1'000;
  if (seconds < 60)
    return fmt::format("{}s", seconds);
  if (seconds < 3'600)
    return fmt::format("{}m {}s", seconds / 60, seconds % 60);
  return fmt::format("{}h {}m", seconds / 3'600, seconds % 3'600 / 60);
}

std::string status_text(const command_facts& facts) {
  const auto chosen = chosen_model(facts);
  const tables::conversation_row none;
  const auto& row = facts.row != nullptr ? *facts.row : none;
  const auto window = std::max<std::uint64_t>(1, chosen.context_window);
  auto text = fmt::format("Troupe {}\nUptime: {}\n\n{}\nTokens: {} in / {} out\n"
                          "Context: {}/{} ({}%)\n\nSession: {}",
                          facts.version, duration(facts.uptime_ms), model_line(facts),
                          row.input_tokens, row.output_tokens, row.context_tokens, window,
                          std::min<std::uint64_t>(100, row.context_tokens * 100 / window),
                          row.key.empty() ? "new" : row.key);
  if (row.created_at > 0)
    text += fmt::format(" · {} old", duration(static_cast<std::uint64_t>(
                                         std::max<wall_ms>(0, facts.now - row.created_at))));
  text += fmt::format("\nState: {}", !row.quarantine.empty()   ? "quarantined"
                                     : !row.active_run.empty() ? "running"
                                                               : "idle");
  if (!row.quarantine.empty())
    text += fmt::format(": {}", row.quarantine);
  return text;
}

std::string model_list(const command_facts& facts) {
  auto text = model_line(facts) + "\n\nAvailable:";
  for (const auto& [id, provider] : facts.settings->providers)
    for (const auto& model : provider.models)
      text += fmt::format("\n- {}/{}", id, model.id);
  return text;
}

input_command model_command(std::string_view wanted, const command_facts& facts) {
  input_command out;
  if (wanted.empty() || wanted == "status") {
    out.reply = model_line(facts);
  } else if (wanted == "list") {
    out.reply = model_list(facts);
  } else if (wanted == "default") {
    out.model.emplace();
    out.reply = fmt::format("Model reset to {}.",
                            default_model(*facts.settings, facts.agent_id).ref.text());
  } else if (const auto found = find_model(*facts.settings, wanted)) {
    out.model = found->text();
    out.reply = fmt::format("Model set to {}.", found->text());
  } else {
    out.reply = fmt::format("There is no model \"{}\". /model list shows what there is.",
                            cut_utf8(wanted, 128));
  }
  return out;
}

} // namespace

std::span<const slash_command> slash_commands() {
  return commands;
}

std::optional<spoken_command> parse_command(std::string_view text) {
  text = trimmed(text);
  if (!text.starts_with('/'))
    return std::nullopt;
  text.remove_prefix(1);
  const auto end = std::min(text.find_first_of(" \t\r\n:"), text.size());
  const auto written = text.substr(0, end);
  const auto* found = std::ranges::find_if(commands, [&](const slash_command& command) {
    return std::ranges::equal(command.name, written, {}, {}, lower);
  });
  if (found == commands.end())
    return std::nullopt;
  auto rest = text.substr(end);
  if (rest.starts_with(':'))
    rest.remove_prefix(1);
  return spoken_command{found, std::string{trimmed(rest)}};
}

command_effect effect_of(const spoken_command& spoken, std::string_view message,
                         const command_facts& facts) {
  command_effect out;
  out.text = message;
  auto& command = out.for_conversation;
  switch (spoken.which->kind) {
  case command_kind::help:
    command.reply = help_text();
    break;
  case command_kind::status:
    command.reply = status_text(facts);
    break;
  case command_kind::model:
    command = model_command(spoken.rest, facts);
    break;
  case command_kind::fresh:
  case command_kind::reset:
    command.resets = spoken.which->kind == command_kind::fresh ? "new" : "reset";
    if (spoken.rest.empty())
      command.reply =
          spoken.which->kind == command_kind::fresh ? "New session started." : "Session reset.";
    else
      out.text = spoken.rest;
    break;
  case command_kind::stop: {
    const auto running = facts.row != nullptr && !facts.row->active_run.empty();
    command.reply = running ? "Stopped." : "Nothing is running here.";
    out.stops = true;
    break;
  }
  }
  return out;
}

std::optional<config::model_ref> find_model(const config::settings& settings,
                                            std::string_view written) {
  std::vector<config::model_ref> by_id;
  for (const auto& [id, provider] : settings.providers)
    for (const auto& model : provider.models) {
      config::model_ref ref{id, model.id};
      if (ref.text() == written)
        return ref;
      if (model.id == written)
        by_id.push_back(std::move(ref));
    }
  // When two providers have it, which one is meant is not said.
  return by_id.size() == 1 ? std::optional{by_id.front()} : std::nullopt;
}

} // namespace troupe::gateway
