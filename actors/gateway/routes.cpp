#include "actors/gateway/routes.hpp"

#include "actors/gateway/http_auth.hpp"

#include <algorithm>
#include <array>

namespace troupe::gateway {
namespace {

constexpr std::array<http_route, 1> routes{{
    {"/introspect/actors", "GET, HEAD", 0},
}};

} // namespace

bool http_route::allows(std::string_view method) const {
  auto rest = methods;
  while (!rest.empty()) {
    const auto comma = rest.find(", ");
    if (rest.substr(0, comma) == method)
      return true;
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 2);
  }
  return false;
}

const http_route* find_route(std::string_view path) {
  const auto* const found = std::ranges::find(routes, path, &http_route::path);
  return found == routes.end() ? nullptr : found;
}

net::body_wish wish_for_body(const http_route* route, const config::gateway_settings& settings,
                             const net::http_request& head, auth_limiter& limiter,
                             std::chrono::nanoseconds now) {
  const bool useful = route != nullptr && route->body_bytes_max > 0 && route->allows(head.method) &&
                      may_pass(settings, head, limiter, now);
  return useful ? net::body_wish::up_to(route->body_bytes_max) : net::body_wish::none();
}

} // namespace troupe::gateway
