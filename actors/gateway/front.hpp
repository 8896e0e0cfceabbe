#pragma once

#include "actors/gateway/audience_index.hpp"
#include "actors/gateway/event_projector.hpp"
#include "actors/gateway/messages.hpp"
#include "actors/gateway/shared.hpp"
#include "actors/support/observed.hpp"
#include "actors/support/reply.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

namespace troupe::gateway {

struct front_state {
  static constexpr const char* name = "front";

  struct connected {
    client_actor client;
    client_link_ptr link;
    bool online = false;  ///< Past the handshake: gets events.
    bool reads = false;   ///< Scope operator.read.
    bool present = false; ///< Listed among those present.
    bool pairs = false;   ///< Gets device.pair.*.
    std::optional<device_grant> device{};
  };
  struct http_request {
    std::string path;
    std::string run_id; ///< That it watches.
  };
  struct sighting {
    std::string run_id;
    troupe::answer<run_sighting> asked;
  };

  gateway_shared_ptr shared;
  registration place;
  std::unordered_map<std::uint64_t, connected> clients; ///< By link id.
  std::unordered_map<caf::actor_id, std::uint64_t> by_actor;
  std::unordered_map<caf::actor_id, http_request> requests;
  std::unordered_map<std::string, caf::actor> run_watchers; ///< Requests, by the run's id.
  audience_index audiences;
  event_projector projector;
  std::deque<sighting> sightings;
  bool draining = false;
  std::uint64_t presence_version = 0; ///< That was told last.
  bool presence_resting = false;      ///< Told less than `presence_interval` ago.
};
using front_self = typed_self<front_actor, front_state>;

/// Supervises clients and HTTP requests, and tells clients what happens: an event is serialised
/// once and handed to those that may see it, through their actors, so that answers and events of
/// one client keep their order.
///
/// A client or request that failed is forgotten, never restarted: its connection is gone, and the
/// other side connects anew. When the front itself fails, its clients close their connections with
/// 1012; what a new front needs comes with the clients that return.
front_actor::behavior_type front(front_self self, gateway_shared_ptr shared);

} // namespace troupe::gateway
