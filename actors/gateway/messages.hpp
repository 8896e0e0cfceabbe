#pragma once

#include "actors/gateway/devices/device_ledger.hpp"
#include "actors/gateway/origin.hpp"
#include "actors/gateway/wire_event.hpp"
#include "actors/messages.hpp"
#include "net/http/server.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

/// Messages inside the gateway: between the bridge, the front and its clients.
namespace troupe::gateway {

/// What the front and one client share beside messages.
struct client_link {
  std::uint64_t id = 0;
  std::string conn_id; ///< UUID: `server.connId`.
  std::shared_ptr<net::ws_connection> connection;
  connection_origin from;
  std::atomic<std::uint32_t> batches_waiting{0}; ///< Sent by the front, not yet handled.
};
using client_link_ptr = std::shared_ptr<client_link>;

// ---- to a client
// ---------------------------------------------------------------------------------

/// One text message from the network.
struct client_frame {
  std::string text;
  net::frame_credit credit; ///< Kept until the frame is dealt with.
};
struct client_closed {
  std::uint16_t code = 1006;
  std::string reason;
};
/// Events of which this client sees those whose audience is in `sees`.
struct event_delivery {
  event_batch_ptr events;
  audience sees = 0;
};
/// Ends the connection after what is queued.
struct close_client {
  std::uint16_t code = 1012;
  std::string reason;
};
/// The answer to a request, from work that ran elsewhere.
struct ready_answer {
  std::string request_id;
  result<std::string> payload; ///< JSON.
};
/// To itself: a refusal that was held back.
struct release_refusal {};
/// To itself: takes up waiting for the end of a run again.
struct await_again {
  std::uint64_t ticket = 0;
};

using client_actor = caf::typed_actor<caf::reacts_to<client_frame>, caf::reacts_to<client_closed>,
                                      caf::reacts_to<event_delivery>, caf::reacts_to<close_client>,
                                      caf::reacts_to<release_refusal>, caf::reacts_to<await_again>,
                                      caf::reacts_to<ready_answer>>;

// ---- to the front
// --------------------------------------------------------------------------------

/// A connection was opened; the client already runs. The front supervises it from here on.
struct adopt_client {
  client_actor client;
  client_link_ptr link;
};
/// An HTTP request is being answered by `worker`.
struct adopt_request {
  caf::actor worker;
  std::string path; ///< "/front/request/7"
};
/// A client passed the handshake.
struct client_online {
  std::uint64_t id = 0;
  bool reads = false;
  bool session_scoped = false;
  bool tool_events = false;
  bool present = false;               ///< Listed among those present.
  bool pairs = false;                 ///< Scope operator.pairing: sees device.pair.*.
  std::optional<device_grant> device; ///< What it is connected under.
};
/// Which devices have a connection past its handshake.
struct get_connected_devices {};
struct connected_devices {
  std::unordered_set<std::string> ids;
};
/// The presence list changed.
struct presence_changed {};
struct watch_sessions {
  std::uint64_t id = 0;
};
struct watch_messages {
  std::uint64_t id = 0;
  std::string key;
  bool on = true;
};
/// A client with the cap tool-events starts a run, and wants its tool stream.
struct follow_run {
  std::uint64_t id = 0;
  std::string run_id;
};
/// `watcher`, an adopted request, gets the events of a run as they are, until the run ends.
struct watch_run {
  std::string run_id;
  caf::actor watcher;
};
/// Answered when the subscription is in force: no later event is missed. Error: `overloaded`.
struct watching {
  bool on = true;
};
/// The active run of a session as chat.history shows it.
struct get_in_flight {
  std::string key;
};
struct in_flight_run {
  std::shared_ptr<const std::string> json; ///< Null: none.
};
/// Asks for the session of a run that is not known yet; answered when something is heard of it.
/// The asker's timeout ends it. Error: `overloaded`.
struct await_sighting {
  std::string run_id;
};
struct run_sighting {
  std::string key;
};
/// Answered behind every event that the front had heard before.
struct catch_up {};
struct caught_up {};
/// Says good-bye to all clients ("shutdown", then 1012) and takes no new ones.
struct front_drain {
  std::string reason = "restart";
  std::uint64_t restart_expected_ms = 0; ///< 0: not said.
};
/// Another config is in force, or lies on the disk.
struct front_config_changed {
  std::string path;
  std::string hash;
  /// What clients proved themselves with is no longer valid: all must connect anew.
  bool credentials = false;
};
/// To itself.
struct front_tick {};
struct front_refresh_health {};
struct front_tell_presence {};

using front_actor = event_sink_actor::extend<
    caf::reacts_to<adopt_client>, caf::reacts_to<adopt_request>, caf::reacts_to<client_online>,
    caf::replies_to<watch_sessions>::with<watching>,
    caf::replies_to<watch_messages>::with<watching>, caf::reacts_to<follow_run>,
    caf::reacts_to<watch_run>, caf::replies_to<get_in_flight>::with<in_flight_run>,
    caf::replies_to<await_sighting>::with<run_sighting>, caf::replies_to<catch_up>::with<caught_up>,
    caf::reacts_to<device_news>, caf::replies_to<get_connected_devices>::with<connected_devices>,
    caf::reacts_to<front_drain>, caf::reacts_to<front_config_changed>, caf::reacts_to<front_tick>,
    caf::reacts_to<front_refresh_health>, caf::reacts_to<presence_changed>,
    caf::reacts_to<front_tell_presence>>;

} // namespace troupe::gateway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::client_frame)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::client_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::event_delivery)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::close_client)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::ready_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::release_refusal)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::await_again)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::adopt_client)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::adopt_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::client_online)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::device_news)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::get_connected_devices)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::connected_devices)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::watch_sessions)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::watch_messages)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::follow_run)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::watch_run)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::watching)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::get_in_flight)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::in_flight_run)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::await_sighting)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::run_sighting)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::catch_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::caught_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::front_drain)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::front_config_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::front_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::front_refresh_health)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::presence_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::front_tell_presence)
