#pragma once

#include "actors/gateway/auth_limiter.hpp"
#include "actors/gateway/handshake.hpp"
#include "net/http/server.hpp"

#include <chrono>
#include <cstddef>
#include <string_view>

namespace troupe::gateway {

enum class http_endpoint {
  introspection,
  models,
  chat_completions,
  responses,
  tools_invoke,
  control_ui,        ///< The web page and its files.
  control_ui_config, ///< What the page reads about this gateway.
};

/// A path that may be called over HTTP, answered by a `request` actor. The order of checks is
/// protocol.md section 14's: path 404, method 405, secret 401, and only then the body's size 413.
struct http_route {
  std::string_view path;
  std::string_view methods;       ///< As in `Allow`: "GET, HEAD".
  std::size_t body_bytes_max = 0; ///< 0: takes no body.
  http_endpoint endpoint = http_endpoint::introspection;
  bool subtree = false; ///< Also what is below the path.
  bool open = false;    ///< For everybody: no secret is asked for.

  bool allows(std::string_view method) const;
};

/// Null: 404, also where the config has not enabled the endpoint.
const http_route* find_route(std::string_view path, const config::gateway_settings& settings);

/// How much of the body of a request for `route` is worth reading, by its head alone. Nothing of a
/// request that will be refused whatever its body says.
net::body_wish wish_for_body(const http_route* route, const config::gateway_settings& settings,
                             const net::http_request& head, auth_limiter& limiter,
                             std::chrono::nanoseconds now);

} // namespace troupe::gateway
