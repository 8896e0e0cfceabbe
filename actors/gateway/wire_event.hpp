#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::gateway {

/// Who may see an event, as bits: protocol.md section 3, "Delivery". What a client is, is decided
/// once per batch by the front; what an event needs, is written on the event.
using audience = std::uint16_t;
/// `chat` and `agent` of a run.
inline constexpr audience for_run = 1;
/// `agent` stream "tool": clients with the cap tool-events, of the runs they started.
inline constexpr audience for_tools = 2;
/// `sessions.changed`: sessions.subscribe.
inline constexpr audience for_sessions = 4;
/// `session.message`: subscribed to the session or to all.
inline constexpr audience for_messages = 8;
/// `session.tool`: those of `for_messages` that don't get the run's tool stream.
inline constexpr audience for_session_tools = 16;
/// tick, health, shutdown: every client.
inline constexpr audience for_all = 32;
/// presence: scope operator.read.
inline constexpr audience for_readers = 64;

/// One event, serialised once for all its receivers: `frames.hpp`, event_body.
struct wire_event {
  std::shared_ptr<const std::string> body;
  audience to = 0;
  bool droppable = false; ///< A slow client misses it; its `seq` is used up all the same.
};

/// Events that happened together, in order.
using event_batch = std::vector<wire_event>;
using event_batch_ptr = std::shared_ptr<const event_batch>;

} // namespace troupe::gateway
