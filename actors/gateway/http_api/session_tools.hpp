#pragma once

#include "actors/gateway/context.hpp"
#include "actors/tool/tool.hpp"

#include <boost/json/object.hpp>

#include <string_view>

/// Tools about sessions for operators. No model has them: what a session of one user may know of
/// another's is a policy that is not built. Source: the recorded cases of /tools/invoke.
namespace troupe::gateway::http_api {

/// Reads rows only; cheap enough for an actor to call.
using session_tool = tool_output (*)(const gateway_context&, const boost::json::object& arguments);

/// "sessions_list" {limit?}: the newest sessions. "sessions_history" {sessionKey, limit?}: the
/// newest messages of one. Null: no such tool.
session_tool find_session_tool(std::string_view name);

} // namespace troupe::gateway::http_api
