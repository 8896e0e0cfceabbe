#include "actors/gateway/handshake.hpp"

#include "actors/gateway/limits.hpp"

#include <optional>

namespace troupe::gateway {
namespace {

using std::chrono::milliseconds;

refusal refuse(protocol_error failure, std::uint16_t close_code = 1008) {
  refusal out;
  out.close_reason = failure.message;
  out.close_code = close_code;
  out.failure = std::move(failure);
  return out;
}

std::string details(std::string_view code) {
  json_writer out;
  out.begin_object().member("code", code).end_object();
  return out.take();
}

refusal device_required() {
  auto failure = invalid_request("device identity required", details("DEVICE_IDENTITY_REQUIRED"));
  failure.code = "NOT_PAIRED";
  return refuse(std::move(failure));
}

bool is_browser_ui(const connect_params& client) {
  return client.client_id == "openclaw-control-ui" || client.client_id == "webchat-ui" ||
         client.client_id == "webchat" || client.client_id == "openclaw-browser-copilot";
}

bool speaks_our_version(const connect_params& client) {
  const auto low = client.min_protocol;
  const auto high = client.max_protocol;
  if (low <= protocol_version && high >= protocol_version)
    return true;
  if (client.client_mode == "probe" && high >= protocol_version_probe_min &&
      low <= protocol_version)
    return true;
  return client.role == "node" && client.client_mode == "node" &&
         high >= protocol_version_probe_min && low <= protocol_version_probe_min;
}

refusal version_mismatch(const connect_params& client) {
  json_writer out;
  out.begin_object()
      .member("code", "PROTOCOL_MISMATCH")
      .member("clientMinProtocol", client.min_protocol)
      .member("clientMaxProtocol", client.max_protocol)
      .member("expectedProtocol", protocol_version)
      .member("minimumProbeProtocol", protocol_version_probe_min)
      .end_object();
  return refuse(invalid_request("protocol mismatch", out.take()), 1002);
}

refusal not_started(bool draining) {
  auto failure =
      unavailable(draining ? "gateway draining; retry shortly" : "gateway starting; retry shortly",
                  draining ? R"({"reason":"draining"})" : R"({"reason":"startup-sidecars"})");
  auto out = refuse(std::move(failure), 1013);
  out.close_reason = draining ? "gateway draining" : "gateway starting";
  return out;
}

refusal origin_refused(std::string_view reason) {
  json_writer out;
  out.begin_object()
      .member("code", "CONTROL_UI_ORIGIN_NOT_ALLOWED")
      .member("reason", reason)
      .end_object();
  return refuse(invalid_request("origin not allowed (open the Control UI from the gateway host or "
                                "allow it in gateway.controlUi.allowedOrigins)",
                                out.take()));
}

/// How a failed authentication is told: protocol.md section 2, "Authentication failures".
struct auth_failure {
  std::string message;
  std::string_view code;
  std::string_view reason;
  std::string_view next_step;
  bool retry_with_device_token = false;
};

refusal unauthorized(const auth_failure& told) {
  json_writer out;
  out.begin_object().member("code", told.code);
  out.member_if("authReason", told.reason);
  out.member("canRetryWithDeviceToken", told.retry_with_device_token)
      .member("recommendedNextStep", told.next_step)
      .end_object();
  return refuse(invalid_request("unauthorized: " + told.message, out.take()));
}

bool is_password(const config::gateway_settings& settings) {
  return settings.auth.mode == config::auth_mode::password;
}

std::string hint(const connect_params& client, bool password) {
  const std::string kind = password ? "password" : "token";
  if (client.client_id == "gateway-client")
    return " (provide gateway auth " + kind + ")";
  return " (use this gateway's gateway.auth." + kind + " or pair the device)";
}

refusal secret_missing(const connect_params& client, bool password) {
  return unauthorized({.message = std::string{"gateway "} + (password ? "password" : "token") +
                                  " missing" + hint(client, password),
                       .code = password ? "AUTH_PASSWORD_MISSING" : "AUTH_TOKEN_MISSING",
                       .reason = password ? "password_missing" : "token_missing",
                       .next_step = "update_auth_configuration"});
}

refusal secret_mismatch(const connect_params& client, bool password) {
  const auto may_use_device = !password && client.device && client.device_token.empty();
  return unauthorized(
      {.message = std::string{"gateway "} + (password ? "password" : "token") + " mismatch" +
                  hint(client, password),
       .code = password ? "AUTH_PASSWORD_MISMATCH" : "AUTH_TOKEN_MISMATCH",
       .reason = password ? "password_mismatch" : "token_mismatch",
       .next_step = may_use_device ? "retry_with_device_token" : "update_auth_credentials",
       .retry_with_device_token = may_use_device});
}

refusal secret_not_configured(bool password) {
  return unauthorized(
      {.message = std::string{"gateway "} + (password ? "password" : "token") +
                  " not configured on this gateway (set gateway.auth." +
                  (password ? "password" : "token") + ")",
       .code = password ? "AUTH_PASSWORD_NOT_CONFIGURED" : "AUTH_TOKEN_NOT_CONFIGURED",
       .reason = password ? "password_missing_config" : "token_missing_config",
       .next_step = "update_auth_configuration"});
}

refusal rate_limited(milliseconds wait) {
  auto out = unauthorized({.message = "too many failed authentication attempts (retry later)",
                           .code = "AUTH_RATE_LIMITED",
                           .reason = "rate_limited",
                           .next_step = "wait_then_retry"});
  out.failure.retryable = true;
  out.failure.retry_after_ms = static_cast<std::uint64_t>(wait.count());
  return out;
}

/// `cli` and the gateway's own backend client are trusted with their scopes without a device, but
/// only directly from this machine and not out of a browser.
bool keeps_scopes(const connect_params& client, const connection_origin& from, bool no_secret) {
  if (!from.direct_loopback() || from.origin)
    return false;
  if (client.client_id == "gateway-client" && client.client_mode == "backend")
    return true;
  return !no_secret && client.client_id == "cli" && client.client_mode == "cli";
}

/// The shared secret, or the reason to refuse.
std::optional<refusal> check_secret(const connect_params& client, const connection_origin& from,
                                    const handshake_facts& facts, auth_limiter& limiter) {
  const auto password = is_password(*facts.settings);
  const auto has_secret = !client.token.empty() || !client.password.empty();
  if (!has_secret && client.device_token.empty() && client.bootstrap_token.empty())
    return client.device ? secret_missing(client, password) : device_required();
  if (!from.peer.loopback)
    if (const auto wait = limiter.locked_for(from.peer.ip, facts.now); wait > milliseconds{0})
      return rate_limited(wait);

  const auto token = judge_secret(*facts.settings, client.token);
  const auto word = judge_secret(*facts.settings, client.password);
  if (token == secret_verdict::correct || word == secret_verdict::correct) {
    limiter.on_success(from.peer.ip);
    return std::nullopt;
  }
  if (token == secret_verdict::not_configured)
    return secret_not_configured(password);
  auto out = has_secret ? secret_mismatch(client, password)
             : !client.bootstrap_token.empty()
                 ? unauthorized({.message = "bootstrap token invalid or expired (get a new one)",
                                 .code = "AUTH_BOOTSTRAP_TOKEN_INVALID",
                                 .reason = "bootstrap_token_invalid",
                                 .next_step = "update_auth_credentials"})
                 : unauthorized({.message = "device token mismatch (rotate/reissue device token)",
                                 .code = "AUTH_DEVICE_TOKEN_MISMATCH",
                                 .reason = "device_token_mismatch",
                                 .next_step = "update_auth_credentials"});
  out.delay = limiter.on_failure(from.peer.ip, from.peer.loopback, facts.now);
  return out;
}

std::optional<refusal> check_identity(const connect_params& client, const connection_origin& from,
                                      const handshake_facts& facts, auth_limiter& limiter) {
  if (client.role == "node")
    return device_required();
  if (is_browser_ui(client)) {
    if (client.device)
      return device_required();
    return refuse(invalid_request(
        "control ui requires device identity (use HTTPS or localhost secure context)",
        details("CONTROL_UI_DEVICE_IDENTITY_REQUIRED")));
  }
  if (facts.settings->auth.mode == config::auth_mode::none) {
    if (!keeps_scopes(client, from, true))
      return device_required();
    return std::nullopt;
  }
  return check_secret(client, from, facts, limiter);
}

handshake_outcome judge(const connect_params& client, const connection_origin& from,
                        const handshake_facts& facts, auth_limiter& limiter) {
  if (!speaks_our_version(client))
    return version_mismatch(client);
  if (client.role != "operator" && client.role != "node")
    return refuse(invalid_request("invalid role"));
  if (facts.draining || !facts.started)
    return not_started(facts.draining);
  if (from.origin ? !origin_allowed(from, facts.settings->allowed_origins) : is_browser_ui(client))
    return origin_refused(from.origin ? "origin not allowed" : "origin missing or invalid");
  if (auto refused = check_identity(client, from, facts, limiter))
    return std::move(*refused);

  welcome granted;
  granted.params = client;
  const auto no_secret = facts.settings->auth.mode == config::auth_mode::none;
  if (keeps_scopes(client, from, no_secret))
    for (const auto& name : client.scopes)
      if (const auto known = scope_from_name(name))
        granted.scopes.grant(*known);
  // The secrets have done their work.
  granted.params.token.clear();
  granted.params.password.clear();
  granted.params.device_token.clear();
  granted.params.bootstrap_token.clear();
  return granted;
}

} // namespace

secret_verdict judge_secret(const config::gateway_settings& settings, std::string_view candidate) {
  const auto& configured = is_password(settings) ? settings.auth.password : settings.auth.token;
  if (configured.empty())
    return secret_verdict::not_configured;
  return configured.equals(candidate) ? secret_verdict::correct : secret_verdict::wrong;
}

handshake_outcome judge_first_frame(std::string_view text, const connection_origin& from,
                                    const handshake_facts& facts, auth_limiter& limiter) {
  const auto parsed = parse_frame(text);
  if (std::holds_alternative<not_json>(parsed)) {
    refusal silent;
    silent.close_code = 1000;
    return silent;
  }
  if (const auto* bad = std::get_if<bad_frame>(&parsed)) {
    auto out = refuse(invalid_request("invalid request frame: " + bad->findings));
    out.response_id = bad->is_request ? bad->id : "";
    out.close_reason = "invalid request frame";
    return out;
  }
  const auto& request = std::get<request_frame>(parsed);
  const auto answer = [&](refusal out) {
    out.response_id = request.id;
    return out;
  };
  if (request.method != "connect")
    return answer(refuse(invalid_request("invalid handshake: first request must be connect")));
  const auto read = read_connect_params(request.params);
  if (const auto* findings = std::get_if<std::string>(&read))
    return answer(refuse(invalid_request("invalid connect params: " + *findings)));
  auto outcome = judge(std::get<connect_params>(read), from, facts, limiter);
  if (auto* refused = std::get_if<refusal>(&outcome))
    return answer(std::move(*refused));
  std::get<welcome>(outcome).request_id = request.id;
  return outcome;
}

} // namespace troupe::gateway
