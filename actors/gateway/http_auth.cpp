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

enum class pass_verdict { passes, foreign_origin, locked_out, stranger };
struct judgement {
  pass_verdict verdict = pass_verdict::stranger;
  connection_origin from;
  milliseconds locked_for{0};
};

judgement judge(const config::gateway_settings& settings, const net::http_request& request,
                auth_limiter& limiter, std::chrono::nanoseconds now) {
  judgement out{pass_verdict::stranger, origin_of(request.headers, request.peer)};
  const auto& from = out.from;
  if (!origin_allowed(from, settings.allowed_origins)) {
    out.verdict = pass_verdict::foreign_origin;
  } else if (settings.auth.mode == config::auth_mode::none) {
    if (from.direct_loopback() && is_loopback_name(host_name(from.host)))
      out.verdict = pass_verdict::passes;
  } else {
    if (!from.peer.loopback)
      out.locked_for = limiter.locked_for(from.peer.ip, now);
    if (out.locked_for > milliseconds{0})
      out.verdict = pass_verdict::locked_out;
    else if (bears_secret(settings, request))
      out.verdict = pass_verdict::passes;
  }
  return out;
}

} // namespace

bool bears_secret(const config::gateway_settings& settings, const net::http_request& request) {
  if (settings.auth.mode == config::auth_mode::none)
    return false;
  return judge_secret(settings, bearer(request)) == secret_verdict::correct;
}

bool may_pass(const config::gateway_settings& settings, const net::http_request& request,
              auth_limiter& limiter, std::chrono::nanoseconds now) {
  return judge(settings, request, limiter, now).verdict == pass_verdict::passes;
}

std::optional<http_refusal> refuse_stranger(const config::gateway_settings& settings,
                                            const net::http_request& request, auth_limiter& limiter,
                                            std::chrono::nanoseconds now) {
  const auto judged = judge(settings, request, limiter, now);
  switch (judged.verdict) {
  case pass_verdict::passes:
    if (settings.auth.mode != config::auth_mode::none)
      limiter.on_success(judged.from.peer.ip);
    return std::nullopt;
  case pass_verdict::foreign_origin:
    return http_refusal{refused(403, "Origin not allowed", "forbidden")};
  case pass_verdict::locked_out: {
    auto response = refused(429, "Too many failed attempts", "rate_limited");
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(judged.locked_for).count();
    response.headers.emplace_back("Retry-After", std::to_string(seconds));
    return http_refusal{std::move(response)};
  }
  case pass_verdict::stranger:
    break;
  }
  http_refusal out{refused(401, "Unauthorized", "unauthorized")};
  // Only a wrong secret is a guess.
  if (settings.auth.mode != config::auth_mode::none && !bearer(request).empty())
    out.delay = limiter.on_failure(judged.from.peer.ip, judged.from.peer.loopback, now);
  return out;
}

} // namespace troupe::gateway
