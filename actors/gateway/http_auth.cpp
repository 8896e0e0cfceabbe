#include "actors/gateway/http_auth.hpp"

#include "actors/gateway/probes.hpp"

#include <string>

namespace troupe::gateway {
namespace {

using std::chrono::milliseconds;

std::string_view bearer(const net::http_request& request) {
  constexpr std::string_view scheme = "Bearer ";
  const auto header = net::find_header(request.headers, "authorization");
  return header.starts_with(scheme) ? header.substr(scheme.size()) : std::string_view{};
}

net::http_response refused(unsigned status, std::string_view message, std::string_view type) {
  json_writer out;
  out.begin_object()
      .key("error")
      .begin_object()
      .member("message", message)
      .member("type", type)
      .end_object()
      .end_object();
  return json_response(status, out.take());
}

} // namespace

bool bears_secret(const config::gateway_settings& settings, const net::http_request& request) {
  if (settings.auth.mode == config::auth_mode::none)
    return false;
  return judge_secret(settings, bearer(request)) == secret_verdict::correct;
}

std::optional<http_refusal> refuse_stranger(const config::gateway_settings& settings,
                                            const net::http_request& request, auth_limiter& limiter,
                                            std::chrono::nanoseconds now) {
  const auto from = origin_of(request.headers, request.peer);
  if (!origin_allowed(from, settings.allowed_origins))
    return http_refusal{refused(403, "Origin not allowed", "forbidden")};
  if (settings.auth.mode == config::auth_mode::none) {
    if (from.direct_loopback() && is_loopback_name(host_name(from.host)))
      return std::nullopt;
    return http_refusal{refused(401, "Unauthorized", "unauthorized")};
  }
  if (!from.peer.loopback)
    if (const auto wait = limiter.locked_for(from.peer.ip, now); wait > milliseconds{0}) {
      auto response = refused(429, "Too many failed attempts", "rate_limited");
      const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
      response.headers.emplace_back("Retry-After", std::to_string(seconds));
      return http_refusal{std::move(response)};
    }
  if (bears_secret(settings, request)) {
    limiter.on_success(from.peer.ip);
    return std::nullopt;
  }
  http_refusal out{refused(401, "Unauthorized", "unauthorized")};
  // Only a wrong secret is a guess.
  if (!bearer(request).empty())
    out.delay = limiter.on_failure(from.peer.ip, from.peer.loopback, now);
  return out;
}

} // namespace troupe::gateway
