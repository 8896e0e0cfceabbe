#pragma once

#include "actors/gateway/http_api/session_tools.hpp"
#include "actors/gateway/request.hpp"
#include "actors/tool/tool.hpp"
#include "config/settings.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace troupe::gateway::http_api {

/// One tool to be run, as POST /tools/invoke asks for it.
struct tool_invocation {
  const tool_declaration* tool = nullptr; ///< Null: `session_tool`.
  http_api::session_tool session_tool = nullptr;
  std::string agent_id;
  std::string session_key; ///< Canonical.
  boost::json::object arguments;
};

/// Reads a call's body. A tool whose effect may happen only once is not available here: there is no
/// run whose rows would hold its intent. Errors: the answer. Source: protocol.md section 14.
std::variant<tool_invocation, net::http_response>
read_invocation(std::string_view body, const config::settings& settings, const tool_catalog& tools);
net::http_response invocation_response(const tool_output& output);

/// Goes on as the actor of such a call. A caller that goes away stops its tool.
caf::behavior invoke_tool(request_self self, gateway_shared_ptr shared,
                          std::shared_ptr<http_call> call);

} // namespace troupe::gateway::http_api
