#pragma once

#include "actors/gateway/wire_event.hpp"
#include "actors/messages.hpp"

#include <string_view>

namespace troupe::gateway {

/// `session.operation`, and `sessions.changed` once for the reason and once for the phase, where
/// they are told. Source: protocol.md section 5.
/// `session_row` is JSON; empty when the session is gone.
event_batch project_session_event(const session_event& event, std::string_view session_row);

} // namespace troupe::gateway
