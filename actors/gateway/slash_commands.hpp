#pragma once

#include "actors/gateway/json_writer.hpp"
#include "actors/gateway/scopes.hpp"
#include "actors/messages.hpp"
#include "config/settings.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

/// What a message that begins with "/" asks of the gateway itself, answered without a model.
/// Source: protocol.md section 7.1, features.md section 9.
namespace troupe::gateway {

enum class command_kind { help, status, model, fresh, reset, stop };

struct slash_command {
  command_kind kind = command_kind::help;
  std::string_view name;
  std::string_view description;
  std::string_view category;      ///< "session", "options", "status"
  std::string_view argument = {}; ///< Its name; empty: takes none.
  std::string_view argument_description = {};
  scope needed = scope::write;
};

/// All there are, in the order they are shown.
std::span<const slash_command> slash_commands();

struct spoken_command {
  const slash_command* which = nullptr;
  std::string rest; ///< What follows the name, trimmed.
};
/// "/model fake/x" and "/MODEL: fake/x"; nullopt: not a command of ours, so the model gets it.
std::optional<spoken_command> parse_command(std::string_view text);

/// What a command's answer depends on.
struct command_facts {
  const config::settings* settings = nullptr;
  const tables::conversation_row* row = nullptr; ///< Null: the session does not exist yet.
  std::string_view agent_id;
  std::string_view version;
  wall_ms now = 0;
  std::uint64_t uptime_ms = 0;
};

/// What the conversation has to do, and what is answered.
struct command_effect {
  input_command for_conversation; ///< Its reply is empty: the text below runs as a turn.
  std::string text;               ///< The user's message.
  bool stops = false;             ///< Then the session's runs are aborted.
};
command_effect effect_of(const spoken_command& spoken, std::string_view message,
                         const command_facts& facts);

/// The model that `written` names: "provider/model", or a model's id when only one provider has it.
std::optional<config::model_ref> find_model(const config::settings& settings,
                                            std::string_view written);

} // namespace troupe::gateway
