#pragma once

#include "actors/gateway/protocol_error.hpp"
#include "config/settings.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace troupe::gateway {

/// A conversation's key as it is stored and hashed. Source: protocol.md section 4.
struct session_key {
  std::string text;     ///< "agent:main:main"
  std::string agent_id; ///< "main"
  /// What follows the agent: "main", "tui-…", "cron:…".
  std::string_view rest() const;
  bool is_main() const { return rest() == "main"; }
};

using session_key_or_error = std::variant<session_key, protocol_error>;

/// Makes `written` canonical once, at the front, before it is hashed or stored: "main" and bare
/// names belong to `agent_id` (empty: the default agent); agent ids are lower-case. `agent_id` that
/// contradicts a full key is an error, so is an agent that is not configured.
session_key_or_error canonical_session_key(std::string_view written, std::string_view agent_id,
                                           const config::agents_settings& agents);

/// The agent a canonical key belongs to; empty when it names none ("hook:…").
std::string_view agent_of(std::string_view canonical_key);

/// True for the namespaces that only the gateway itself creates sessions in: "subagent:", "cron:",
/// "acp:" after the agent. `rest` as of `session_key::rest`.
bool is_reserved_namespace(std::string_view rest);

protocol_error unknown_agent(std::string_view agent_id);

} // namespace troupe::gateway
