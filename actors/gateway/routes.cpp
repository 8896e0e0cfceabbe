#include "actors/gateway/routes.hpp"

#include "actors/gateway/http_auth.hpp"

#include <array>

namespace troupe::gateway {
namespace {

constexpr std::size_t completion_bytes_max = 20u << 20;

constexpr std::size_t invocation_bytes_max = 2u << 20;

constexpr std::array<http_route, 5> routes{{
    {"/introspect/actors", "GET, HEAD", 0, http_endpoint::introspection},
    {"/v1/models", "GET", 0, http_endpoint::models, true},
    {"/v1/chat/completions", "POST", completion_bytes_max, http_endpoint::chat_completions},
    {"/v1/responses", "POST", completion_bytes_max, http_endpoint::responses},
    {"/tools/invoke", "POST", invocation_bytes_max, http_endpoint::tools_invoke},
}};

bool enabled(http_endpoint endpoint, const config::gateway_settings& settings) {
  switch (endpoint) {
  case http_endpoint::introspection:
  case http_endpoint::tools_invoke:
  case http_endpoint::control_ui:
  case http_endpoint::control_ui_config:
    break;
  case http_endpoint::models:
    return settings.http.chat_completions || settings.http.responses;
  case http_endpoint::chat_completions:
    return settings.http.chat_completions;
  case http_endpoint::responses:
    return settings.http.responses;
  }
  return true;
}

bool leads_to(const http_route& route, std::string_view path) {
  if (!path.starts_with(route.path))
    return false;
  const auto rest = path.substr(route.path.size());
  return rest.empty() || (route.subtree && rest.size() > 1 && rest.front() == '/');
}

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

const http_route* find_route(std::string_view path, const config::gateway_settings& settings) {
  for (const auto& route : routes)
    if (leads_to(route, path))
      return enabled(route.endpoint, settings) ? &route : nullptr;
  return nullptr;
}

net::body_wish wish_for_body(const http_route* route, const config::gateway_settings& settings,
                             const net::http_request& head, auth_limiter& limiter,
                             std::chrono::nanoseconds now) {
  const bool useful = route != nullptr && route->body_bytes_max > 0 && route->allows(head.method) &&
                      may_pass(settings, head, limiter, now);
  return useful ? net::body_wish::up_to(route->body_bytes_max) : net::body_wish::none();
}

} // namespace troupe::gateway
