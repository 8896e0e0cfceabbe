#include "actors/gateway/catalog.hpp"

#include "actors/gateway/sessions.hpp"
#include "actors/gateway/slash_commands.hpp"

#include <algorithm>

namespace troupe::gateway {
namespace {

void write_model(json_writer& out, const std::string& provider, const config::model_settings& model,
                 bool usual, bool with_details) {
  out.begin_object()
      .member("id", model.id)
      .member("name", model.name.empty() ? model.id : model.name)
      .member("provider", provider)
      .member("reasoning", model.reasoning);
  if (usual)
    out.key("tags").begin_array().value("default").end_array();
  if (with_details) {
    if (model.context_window > 0)
      out.member("contextWindow", model.context_window);
    out.key("input").begin_array();
    for (const std::string_view kind : {"text", "image", "audio", "video", "document"})
      if (std::ranges::find(model.input, kind) != model.input.end())
        out.value(kind);
    out.end_array();
  }
  out.member_raw("thinkingLevels", R"([{"id":"off","label":"off"}])")
      .member("thinkingDefault", "off")
      .member("available", true)
      .end_object();
}

} // namespace

bool is_named(const config::agent_settings* agent) {
  // One that the config does not name has its id for a name.
  return agent != nullptr && !agent->name.empty() && agent->name != agent->id;
}

std::string_view display_name(const config::agent_settings* agent) {
  return is_named(agent) ? std::string_view{agent->name} : "Assistant";
}

std::string first_letter(std::string_view name) {
  std::size_t bytes = 1;
  while (bytes < name.size() && (static_cast<unsigned char>(name[bytes]) & 0xC0u) == 0x80u)
    ++bytes;
  std::string letter{name.substr(0, bytes)};
  if (letter.size() == 1 && letter[0] >= 'a' && letter[0] <= 'z')
    letter[0] = static_cast<char>(letter[0] - 'a' + 'A');
  return letter;
}

void write_models(json_writer& out, const config::settings& settings, std::string_view agent_id,
                  bool with_details) {
  const auto usual = default_model(settings, agent_id).ref;
  out.begin_array();
  for (const auto& [id, provider] : settings.providers)
    for (const auto& model : provider.models)
      write_model(out, id, model, usual.provider == id && usual.model == model.id, with_details);
  out.end_array();
}

void write_commands(json_writer& out, const commands_query& query) {
  out.begin_array();
  for (const auto& command : slash_commands()) {
    out.begin_object()
        .member("name", command.name)
        .member("nativeName", command.name)
        .key("textAliases")
        .begin_array()
        .value("/" + std::string{command.name})
        .end_array()
        .member("description", command.description)
        .member("category", command.category)
        .member("source", "native")
        .member("scope", "both")
        .member("acceptsArgs", !command.argument.empty());
    if (query.with_args && !command.argument.empty())
      out.key("args")
          .begin_array()
          .begin_object()
          .member("name", command.argument)
          .member("description", command.argument_description)
          .member("type", "string")
          .end_object()
          .end_array();
    out.end_object();
  }
  out.end_array();
}

std::string chat_metadata(const config::settings& settings, std::string_view agent_id) {
  json_writer out;
  out.begin_object().key("models");
  write_models(out, settings, agent_id);
  out.key("commands");
  write_commands(out);
  out.member("swarmEnabled", false)
      .member_raw("accountSelection",
                  R"({"kind":"automatic","label":"Automatic account selection"})")
      .member("runtimeSelectionLocked", false)
      .end_object();
  return out.take();
}

} // namespace troupe::gateway
