#include "actors/gateway/http_auth.hpp"

#include "actors/gateway/devices/device_rows.hpp"
#include "actors/gateway/devices/device_token.hpp"
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

/// Whether the config lets a user whom a trusted proxy names look at things.
bool may_read(const config::gateway_settings& settings, const proxy_identity& who) {
  const auto& listed = settings.auth.identity_scopes;
  if (!listed)
    return true;
  const auto user = listed->find(who.user);
  return user != listed->end() && scope_set::of(user->second).allows(scope::read);
}

net::http_response forbidden() {
  const auto failure = missing_scope(scope::read);
  json_writer out;
  out.begin_object()
      .member("ok", false)
      .key("error")
      .begin_object()
      .member("type", "forbidden")
      .member("message", failure.message)
      .member_raw("details", failure.details)
      .end_object()
      .end_object();
  return json_response(403, out.take());
}

enum class pass_verdict { passes, foreign_origin, no_scope, locked_out, stranger };
struct judgement {
  pass_verdict verdict = pass_verdict::stranger;
  connection_origin from;
  milliseconds locked_for{0};
  bool by_secret = false; ///< What passes did so by the shared secret.
};

judgement judge(const config::gateway_settings& settings, const net::http_request& request,
                auth_limiter& limiter, std::chrono::nanoseconds now) {
  judgement out;
  out.from = origin_of(request.headers, request.peer, settings);
  const auto& from = out.from;
  if (!origin_allowed(from, settings.allowed_origins)) {
    out.verdict = pass_verdict::foreign_origin;
    return out;
  }
  if (settings.auth.mode == config::auth_mode::none) {
    if (from.direct_loopback() && is_loopback_name(host_name(from.host)))
      out.verdict = pass_verdict::passes;
    return out;
  }
  if (from.user && from.user->refused.empty()) {
    out.verdict = may_read(settings, *from.user) ? pass_verdict::passes : pass_verdict::no_scope;
    return out;
  }
  out.locked_for = limiter.locked_for(guessed::shared_secret, from.ip, from.direct_loopback(), now);
  if (out.locked_for > milliseconds{0}) {
    out.verdict = pass_verdict::locked_out;
  } else if (bears_secret(settings, from, request)) {
    out.verdict = pass_verdict::passes;
    out.by_secret = true;
  }
  return out;
}

} // namespace

bool bears_secret(const config::gateway_settings& settings, const connection_origin& from,
                  const net::http_request& request) {
  if (settings.auth.mode == config::auth_mode::none ||
      (settings.auth.mode == config::auth_mode::trusted_proxy && !from.direct_loopback()))
    return false;
  return judge_secret(settings, bearer(request)) == secret_verdict::correct;
}

bool bears_device_token(const config::gateway_settings& settings, const row_store& rows,
                        const net::http_request& request) {
  const auto text = bearer(request);
  if (text.empty() ||
      !origin_allowed(origin_of(request.headers, request.peer, settings), settings.allowed_origins))
    return false;
  const auto found = device_rows{rows}.token_of(token_hash(text));
  if (!found || !found.value())
    return false;
  const auto& token = *found.value();
  return token.revoked_at == 0 && token.role == "operator" &&
         scope_set::of(token.scopes).allows(scope::read);
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
    if (judged.by_secret)
      limiter.on_success(guessed::shared_secret, judged.from.ip, now);
    return std::nullopt;
  case pass_verdict::foreign_origin:
    return http_refusal{refused(403, "Origin not allowed", "forbidden")};
  case pass_verdict::no_scope:
    return http_refusal{forbidden()};
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
    out.delay = limiter.on_failure(guessed::shared_secret, judged.from.ip,
                                   judged.from.direct_loopback(), now);
  return out;
}

} // namespace troupe::gateway
