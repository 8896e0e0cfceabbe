#pragma once

#include "actors/gateway/messages.hpp"
#include "actors/gateway/shared.hpp"
#include "net/http/server.hpp"

#include <caf/actor_system.hpp>

#include <memory>
#include <mutex>

namespace troupe {

/// Where the I/O threads meet the actors: requests and connections come in here and go on as
/// messages; nothing blocks, and probes are answered on the spot.
///
/// `system` must outlive the sink. Thread: any.
class request_sink final : public net::request_sink {
public:
  request_sink(caf::actor_system& system, gateway::gateway_shared_ptr shared);

  /// The front that new clients and requests belong to; also after a restart of it. Until the first
  /// call, and after `detach`, only probes are answered.
  void attach(gateway::front_actor front);
  /// Lets go of the front, so that the actor system can end.
  void detach();

  net::body_wish on_head(const net::http_request& head) override;
  void on_request(net::http_request request, net::http_responder responder) override;
  std::shared_ptr<net::ws_handler>
  on_websocket(net::ws_upgrade upgrade, std::shared_ptr<net::ws_connection> connection) override;

private:
  gateway::front_actor front() const;

  caf::actor_system& system_;
  gateway::gateway_shared_ptr shared_;
  mutable std::mutex guard_;
  gateway::front_actor front_;
};

} // namespace troupe
