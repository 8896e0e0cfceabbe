#pragma once

#include "actors/gateway/json_writer.hpp"
#include "config/settings.hpp"

#include <string>
#include <string_view>

/// What there is to choose from: models and commands. Source: protocol.md section 11.
namespace troupe::gateway {

/// Whether the config gives the agent a name.
bool is_named(const config::agent_settings* agent);
/// What an agent is called in front of people; without a name "Assistant". A view into `agent`.
std::string_view display_name(const config::agent_settings* agent);
/// What stands for a picture where there is none: "A" for "Assistant".
std::string first_letter(std::string_view name);

/// `models` of models.list: an array. `agent_id` empty: the default agent. With details: also how
/// much a model takes in and of what kind.
void write_models(json_writer& out, const config::settings& settings, std::string_view agent_id,
                  bool with_details = false);

/// How much of the commands commands.list is asked for. All of them are for text and for channels
/// that know commands themselves, so no scope leaves one out.
struct commands_query {
  bool with_args = true;
};
/// `commands` of commands.list: an array.
void write_commands(json_writer& out, const commands_query& query = {});

/// The result of chat.metadata.
std::string chat_metadata(const config::settings& settings, std::string_view agent_id);

} // namespace troupe::gateway
