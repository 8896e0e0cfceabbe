#pragma once

#include "actors/gateway/shared.hpp"
#include "actors/support/credit.hpp"
#include "actors/support/observed.hpp"
#include "net/http/server.hpp"

#include <caf/behavior.hpp>

#include <memory>
#include <string>

namespace troupe::gateway {

/// One HTTP call in flight.
struct http_call {
  net::http_request request;
  net::http_responder responder;
  std::string path; ///< Of the actor: "/front/request/7".
  credit place;
};

struct request_state {
  static constexpr const char* name = "request";
  registration place;
  std::shared_ptr<http_call> call; ///< Dropped unanswered, it answers 503.
};

/// True for paths that a `request` actor answers; any other is 404.
bool is_served_path(std::string_view path);

/// Answers one HTTP request and ends. Nothing of it is worth restarting: when it fails, the caller
/// gets 503.
caf::behavior request(plain_self<request_state> self, gateway_shared_ptr shared,
                      std::shared_ptr<http_call> call);

} // namespace troupe::gateway
