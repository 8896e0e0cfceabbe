#pragma once

#include "actors/gateway/http_api/api_error.hpp"
#include "cluster/log/replicated_log.hpp"
#include "config/settings.hpp"
#include "net/http/messages.hpp"

#include <optional>
#include <string>
#include <string_view>

/// Who answers a call, and in which conversation.
namespace troupe::gateway::http_api {

/// "openclaw", "openclaw/default": the default agent; "openclaw/<id>", "openclaw:<id>",
/// "agent:<id>": that agent, lower-case. nullopt: no such form.
struct named_agent {
  std::string id; ///< Empty: the default agent.
};
std::optional<named_agent> agent_named(std::string_view model);

struct api_target {
  std::string agent_id;
  std::string session_key; ///< Canonical. Empty: nobody named one, the conversation is ephemeral.
  std::string model;       ///< Override "provider/model"; empty: as configured.
};

/// By the body's `model` and `user` and the headers x-openclaw-agent-id, x-openclaw-session-key and
/// x-openclaw-model. `api` names the sessions of users: "openai", "openresponses". Errors: 400, and
/// 404 for a model that is not configured.
api_result<api_target> find_target(std::string_view model, std::string_view user,
                                   const net::header_list& headers,
                                   const config::settings& settings, std::string_view api);

struct chosen_conversation {
  std::string key; ///< Canonical.
  bool ephemeral = false;
};

/// Whom a call speaks to: the session that it names, the conversation that said
/// `previous_response` (empty: none is meant), or a new one with `id` in its key. `api` as of
/// `find_target`. Error: 404 for a response that no conversation of this agent's is known to have
/// given; responses are told by their runs, which are known for as long as they can be asked for
/// again. Reads rows.
api_result<chosen_conversation> choose_conversation(const api_target& target,
                                                    std::string_view previous_response,
                                                    std::string_view api, std::string_view id,
                                                    const replicated_log& log);

} // namespace troupe::gateway::http_api
