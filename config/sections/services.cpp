#include "config/sections/services.hpp"

#include "config/schema/secret_kind.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::config {
namespace {

/// Bounds that every current model of both services keeps.
model_settings large_model(std::string id, std::string name) {
  model_settings out;
  out.id = std::move(id);
  out.name = std::move(name);
  out.reasoning = true;
  out.input = {"text", "image"};
  out.context_window = 200'000;
  out.max_tokens = 32'000;
  return out;
}

/// All models that the agents name, as they are written.
std::vector<std::string> named_models(const agents_raw& agents) {
  std::vector<std::string> out;
  const auto add = [&](const std::optional<model_choice>& choice) {
    if (!choice)
      return;
    if (choice->primary)
      out.push_back(choice->primary->text);
    for (const auto& each : choice->fallbacks)
      out.push_back(each.text);
  };
  add(agents.model);
  for (const auto& [id, agent] : agents.entries)
    add(agent.model);
  return out;
}

void add_models(const service& which, const std::vector<std::string>& named,
                provider_settings& provider) {
  provider.models = {which.default_model};
  for (const auto& text : named) {
    const auto prefix = std::string{which.id} + "/";
    if (!text.starts_with(prefix) || text.size() == prefix.size())
      continue;
    const auto id = text.substr(prefix.size());
    if (std::ranges::find(provider.models, id, &model_settings::id) == provider.models.end())
      provider.models.push_back(large_model(id, id));
  }
}

} // namespace

const std::vector<service>& services() {
  static const std::vector<service> all{
      {"openai", provider_api::openai_completions, "https://api.openai.com/v1", "OPENAI_API_KEY",
       large_model("gpt-5.5", "GPT-5.5")},
      {"anthropic", provider_api::anthropic_messages, "https://api.anthropic.com",
       "ANTHROPIC_API_KEY", large_model("claude-opus-4-8", "Claude Opus 4.8")},
  };
  return all;
}

const service* find_service(std::string_view id) {
  const auto found = std::ranges::find(services(), id, &service::id);
  return found == services().end() ? nullptr : &*found;
}

std::optional<secret> key_of(reading& r, const service& which) {
  const auto value = r.variables().find(std::string{which.key_variable});
  if (!value)
    return {};
  if (is_usable_secret(*value))
    return secret{*value};
  r.warnings.push_back({std::string{which.key_variable},
                        0,
                        0,
                        "is not used: a key may not have blanks around it or control "
                        "characters in it",
                        {}});
  return {};
}

void add_services(reading& r, const agents_raw& agents,
                  std::map<std::string, provider_settings>& providers) {
  const auto named = named_models(agents);
  for (const auto& which : services()) {
    const std::string id{which.id};
    auto at = providers.find(id);
    if (at == providers.end()) {
      auto key = key_of(r, which);
      if (!key)
        continue;
      provider_settings made;
      made.id = id;
      made.api = which.api;
      made.base_url = which.base_url;
      made.api_key = std::move(*key);
      made.key_variable = which.key_variable;
      at = providers.emplace(id, std::move(made)).first;
    }
    if (at->second.models.empty())
      add_models(which, named, at->second);
  }
}

usual_model choose_usual_model(const std::map<std::string, provider_settings>& providers) {
  for (const auto& which : services()) {
    const auto at = providers.find(std::string{which.id});
    if (at == providers.end() || at->second.key_variable.empty() || at->second.models.empty() ||
        !at->second.unavailable.empty())
      continue;
    return {{at->first, at->second.models.front().id},
            fmt::format("{} is set and agents.defaults.model is not", which.key_variable)};
  }
  return {};
}

} // namespace troupe::config
