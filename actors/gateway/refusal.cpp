#include "actors/gateway/refusal.hpp"

#include "actors/gateway/devices/device_report.hpp"
#include "actors/gateway/limits.hpp"

namespace troupe::gateway {
namespace {

std::string details(std::string_view code) {
  json_writer out;
  out.begin_object().member("code", code).end_object();
  return out.take();
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

std::string hint(const connect_params& client, bool password) {
  const std::string kind = password ? "password" : "token";
  if (client.client_id == "gateway-client")
    return " (provide gateway auth " + kind + ")";
  return " (use this gateway's gateway.auth." + kind + " or pair the device)";
}

refusal not_paired(std::string message, std::string details_text) {
  auto failure = invalid_request(std::move(message), std::move(details_text));
  failure.code = "NOT_PAIRED";
  return refuse(std::move(failure));
}

} // namespace

bool is_browser_ui(const connect_params& client) {
  return client.client_id == "openclaw-control-ui" || client.client_id == "webchat-ui" ||
         client.client_id == "webchat" || client.client_id == "openclaw-browser-copilot";
}

refusal refuse(protocol_error failure, std::uint16_t close_code) {
  refusal out;
  out.close_reason = failure.message;
  out.close_code = close_code;
  out.failure = std::move(failure);
  return out;
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

refusal device_required() {
  return not_paired("device identity required", details("DEVICE_IDENTITY_REQUIRED"));
}

refusal browser_device_required() {
  return refuse(
      invalid_request("control ui requires device identity (use HTTPS or localhost secure context)",
                      details("CONTROL_UI_DEVICE_IDENTITY_REQUIRED")));
}

refusal device_not_believed(const device_fault& fault) {
  json_writer out;
  out.begin_object().member("code", fault.code).member("reason", fault.reason).end_object();
  return refuse(invalid_request(std::string{fault.message}, out.take()));
}

protocol_error missing_scope(scope needed) {
  json_writer details;
  details.begin_object()
      .member("code", "MISSING_SCOPE")
      .member("missingScope", to_string(needed))
      .key("requiredScopes")
      .begin_array()
      .value(to_string(needed))
      .end_array()
      .end_object();
  return {"FORBIDDEN", "missing scope: " + std::string{to_string(needed)}, details.take(), false,
          0};
}

refusal pairing_required(const connect_params& client, const std::string& device_id,
                         const device_waiting& waiting) {
  const std::string message{pairing_message(waiting.reason)};
  json_writer out;
  out.begin_object()
      .member("code", "PAIRING_REQUIRED")
      .member("reason", to_string(waiting.reason))
      .member("requestId", waiting.request_id)
      .member("remediationHint", "Approve this device from the pending pairing requests.");
  // The Control UI asks again until it is let in.
  if (is_browser_ui(client))
    out.member("recommendedNextStep", "wait_then_retry")
        .member("retryable", true)
        .member("pauseReconnect", false);
  out.member("deviceId", device_id).member("requestedRole", client.role);
  if (!client.scopes.empty())
    write_texts(out, "requestedScopes", client.scopes);
  if (!waiting.approved_roles.empty()) {
    write_texts(out, "approvedRoles", waiting.approved_roles);
    write_texts(out, "approvedScopes", waiting.approved_scopes);
  }
  out.end_object();
  auto refused = not_paired(message, out.take());
  refused.close_reason = message + " (requestId: " + waiting.request_id + ")";
  return refused;
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

refusal bootstrap_token_invalid() {
  return unauthorized({.message = "bootstrap token invalid or expired (get a new one)",
                       .code = "AUTH_BOOTSTRAP_TOKEN_INVALID",
                       .reason = "bootstrap_token_invalid",
                       .next_step = "update_auth_credentials"});
}

refusal device_token_mismatch() {
  return unauthorized({.message = "device token mismatch (rotate/reissue device token)",
                       .code = "AUTH_DEVICE_TOKEN_MISMATCH",
                       .reason = "device_token_mismatch",
                       .next_step = "update_auth_credentials"});
}

refusal device_token_scope_mismatch() {
  return unauthorized({.message = "device token scope mismatch (re-pair or approve scope upgrade)",
                       .code = "AUTH_SCOPE_MISMATCH",
                       .reason = "scope_mismatch",
                       .next_step = "review_auth_configuration"});
}

refusal proxy_not_believed(std::string_view reason) {
  return unauthorized({.message = "the trusted proxy's word is needed and was not given",
                       .code = "AUTH_UNAUTHORIZED",
                       .reason = reason,
                       .next_step = "review_auth_configuration"});
}

refusal rate_limited(std::chrono::milliseconds wait) {
  auto out = unauthorized({.message = "too many failed authentication attempts (retry later)",
                           .code = "AUTH_RATE_LIMITED",
                           .reason = "rate_limited",
                           .next_step = "wait_then_retry"});
  out.failure.retryable = true;
  out.failure.retry_after_ms = static_cast<std::uint64_t>(wait.count());
  return out;
}

} // namespace troupe::gateway
