#pragma once

#include "actors/gateway/messages.hpp"
#include "actors/gateway/routes.hpp"
#include "actors/gateway/shared.hpp"
#include "actors/support/credit.hpp"
#include "actors/support/observed.hpp"
#include "net/http/server.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/behavior.hpp>

#include <memory>
#include <string>

namespace troupe::gateway {

/// One HTTP call in flight.
struct http_call {
  net::http_request request;
  net::http_responder responder;
  const http_route* route = nullptr; ///< Never null.
  front_actor front;
  std::string path; ///< Of the actor: "/front/request/7".
  credit place;
};

struct request_state {
  static constexpr const char* name = "request";
  registration place;
  std::shared_ptr<http_call> call; ///< Dropped unanswered, it answers 503.
};
using request_self = plain_self<request_state>;

/// To a `request`: its answer will not reach the client. What was begun for this client alone can
/// be given up, unless `why` is `server_stopped`.
struct answer_is_lost {
  net::answer_lost why = net::answer_lost::client_left;
};

/// Answers one HTTP request of a known route and ends. Nothing of it is worth restarting: when it
/// fails, the caller gets 503.
caf::behavior request(request_self self, gateway_shared_ptr shared,
                      std::shared_ptr<http_call> call);

} // namespace troupe::gateway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::answer_is_lost)
