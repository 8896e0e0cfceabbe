#include "actors/gateway/session_events.hpp"

#include "actors/gateway/frames.hpp"
#include "actors/gateway/session_key.hpp"

#include <memory>
#include <string>

namespace troupe::gateway {
namespace {

wire_event project_operation(const session_event& event) {
  auto out = begin_event_body("session.operation");
  out.member("operationId", event.operation_id)
      .member("operation", "compact")
      .member("phase", event.operation_ended ? "end" : "start")
      .member("sessionKey", event.key)
      .member_if("agentId", agent_of(event.key));
  out.member("ts", event.at);
  if (event.operation_ended)
    out.member("completed", event.operation_completed);
  out.end_object();
  return {std::make_shared<const std::string>(out.take()), for_messages, false};
}

} // namespace

event_batch project_session_event(const session_event& event, std::string_view session_row) {
  const auto project = [&](std::string_view what, std::string_view value, bool names_run) {
    auto out = begin_event_body("sessions.changed");
    out.member("sessionKey", event.key).member_if("agentId", agent_of(event.key));
    out.member(what, value);
    if (names_run)
      out.member_if("runId", event.run_id);
    out.member("ts", event.at).member_if("sessionId", event.deleted_session_id);
    if (!session_row.empty())
      out.member_raw("session", session_row);
    out.end_object();
    return wire_event{std::make_shared<const std::string>(out.take()), for_sessions, false};
  };
  event_batch events;
  if (!event.operation_id.empty())
    events.push_back(project_operation(event));
  if (!event.reason.empty())
    events.push_back(project("reason", event.reason, false));
  if (!event.phase.empty())
    events.push_back(project("phase", event.phase, true));
  return events;
}

} // namespace troupe::gateway
