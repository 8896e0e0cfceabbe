#include "actors/gateway/http_api/target.hpp"

#include "actors/gateway/session_key.hpp"
#include "actors/gateway/sessions.hpp"
#include "base/text.hpp"
#include "net/frames/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <variant>

namespace troupe::gateway::http_api {
namespace {

constexpr std::size_t shown_id_bytes_max = 64;

bool is_agent_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

bool is_configured(const config::settings& settings, std::string_view model) {
  const auto slash = model.find('/');
  if (slash == std::string_view::npos)
    return false;
  const auto provider = settings.providers.find(std::string{model.substr(0, slash)});
  return provider != settings.providers.end() &&
         std::ranges::find(provider->second.models, model.substr(slash + 1),
                           &config::model_settings::id) != provider->second.models.end();
}

/// The session that the caller names, in its own words; empty: none.
std::string named_session(std::string_view user, const net::header_list& headers,
                          std::string_view api) {
  if (const auto written = net::find_header(headers, "x-openclaw-session-key"); !written.empty())
    return std::string{written};
  return user.empty() ? std::string{} : fmt::format("{}-user:{}", api, user);
}

api_result<session_key> canonical(const std::string& written, const std::string& agent_id,
                                  const config::settings& settings) {
  if (is_reserved_namespace(written))
    return bad_request("`x-openclaw-session-key` cannot use reserved internal session namespaces.");
  auto key = canonical_session_key(written, agent_id, settings.agents);
  if (const auto* wrong = std::get_if<protocol_error>(&key))
    return bad_request(wrong->message);
  auto& found = std::get<session_key>(key);
  if (is_reserved_namespace(found.rest()))
    return bad_request("`x-openclaw-session-key` cannot use reserved internal session namespaces.");
  return std::move(found);
}

} // namespace

std::optional<named_agent> agent_named(std::string_view model) {
  constexpr std::array<std::string_view, 3> prefixes{"openclaw/", "openclaw:", "agent:"};
  const auto name = to_lower(model);
  if (name == "openclaw" || name == "openclaw/default")
    return named_agent{};
  for (const auto prefix : prefixes)
    if (name.starts_with(prefix) && is_agent_id(name.substr(prefix.size())))
      return named_agent{name.substr(prefix.size())};
  return std::nullopt;
}

api_result<api_target> find_target(std::string_view model, std::string_view user,
                                   const net::header_list& headers,
                                   const config::settings& settings, std::string_view api) {
  const auto named = agent_named(model);
  if (!named)
    return bad_request("Invalid `model`. Use `openclaw` or `openclaw/<agentId>`.");
  auto agent = to_lower(net::find_header(headers, "x-openclaw-agent-id"));
  if (agent.empty())
    agent = named->id;
  if (!agent.empty() && settings.agents.find(agent) == nullptr)
    return bad_request(fmt::format("Unknown agent '{}'.", agent));

  api_target target;
  target.agent_id = agent.empty() ? settings.agents.default_id : agent;
  if (const auto written = named_session(user, headers, api); !written.empty()) {
    TR_TRY(auto key, canonical(written, agent, settings));
    target.agent_id = key.agent_id;
    target.session_key = std::move(key.text);
  }
  target.model = net::find_header(headers, "x-openclaw-model");
  if (!target.model.empty() && !is_configured(settings, target.model))
    return api_error{404, fmt::format("Unknown model: {}. Name one that is configured under "
                                      "models.providers, as provider/model.",
                                      target.model)};
  return target;
}

api_result<chosen_conversation> choose_conversation(const api_target& target,
                                                    std::string_view previous_response,
                                                    std::string_view api, std::string_view id,
                                                    const replicated_log& log) {
  if (!target.session_key.empty())
    return chosen_conversation{target.session_key, false};
  const auto nameless = fmt::format("agent:{}:{}:", target.agent_id, api);
  if (previous_response.empty())
    return chosen_conversation{fmt::format("{}{}", nameless, id), true};
  const auto found = previous_response.starts_with("resp_")
                         ? find_run_conversation(log, previous_response)
                         : std::nullopt;
  if (found && found->starts_with(nameless))
    return chosen_conversation{*found, true};
  if (found && found->starts_with(fmt::format("agent:{}:{}-user:", target.agent_id, api)))
    return chosen_conversation{*found, false};
  return api_error{404, fmt::format("Previous response with id '{}' not found.",
                                    net::frames::cut_utf8(previous_response, shown_id_bytes_max))};
}

} // namespace troupe::gateway::http_api
