#include "actors/gateway/hello.hpp"

#include "actors/gateway/limits.hpp"
#include "actors/gateway/reports.hpp"

#include <array>
#include <chrono>

namespace troupe::gateway {
namespace {

constexpr std::array<std::string_view, 14> events{"connect.challenge",
                                                  "agent",
                                                  "chat",
                                                  "session.message",
                                                  "session.tool",
                                                  "sessions.changed",
                                                  "tick",
                                                  "shutdown",
                                                  "health",
                                                  "presence",
                                                  "session.operation",
                                                  "config.changed",
                                                  "device.pair.requested",
                                                  "device.pair.resolved"};

std::string_view auth_mode_name(config::auth_mode mode) {
  switch (mode) {
  case config::auth_mode::none:
    return "none";
  case config::auth_mode::token:
    return "token";
  case config::auth_mode::trusted_proxy:
    return "trusted-proxy";
  case config::auth_mode::password:
    break;
  }
  return "password";
}

void write_features(json_writer& out, std::span<const std::string_view> methods) {
  out.begin_object().key("methods").begin_array();
  for (const auto& name : methods)
    out.value(name);
  out.end_array().key("events").begin_array();
  for (const auto& name : events)
    out.value(name);
  // None of those that clients ask for is built.
  out.end_array().member_raw("capabilities", "[]").end_object();
}

void write_snapshot(json_writer& out, gateway_shared& shared, const welcome& client) {
  const auto& context = shared.context();
  const auto settings = shared.settings();
  const auto& agents = settings->agents;
  out.begin_object().member_raw("suspension", R"({"phase":"accepting"})");
  out.member_raw("presence", client.scopes.allows(scope::read) ? shared.presence() : "[]");
  const auto health = shared.health();
  out.member_raw("health", *health)
      .member_raw("stateVersion", shared.state_version())
      .member("uptimeMs", shared.uptime_ms())
      .key("sessionDefaults")
      .begin_object()
      .member("defaultAgentId", agents.default_id)
      .member("modelConfigured", true)
      .member("ownership", agents.entries.size() > 1 ? "explicit" : "sole")
      .member("selectionRequired", false)
      .member("mainKey", "main")
      .member("mainSessionKey", "agent:" + agents.default_id + ":main")
      .member("scope", settings->session.scope)
      .end_object();
  if (context.config_control)
    out.member_if("appliedConfigHash", context.config_control->state().hash);
  if (client.scopes.allows(scope::admin)) {
    out.member_if("configPath", context.config->where.config_path)
        .member_if("stateDir", context.config->where.state_dir);
    out.member("authMode", auth_mode_name(shared.settings()->gateway.auth.mode));
  }
  out.end_object();
}

void write_auth(json_writer& out, const welcome& client) {
  out.begin_object()
      .member("method", client.method)
      .member("role", client.params.role)
      .key("scopes")
      .begin_array();
  for (const auto granted : client.scopes.list())
    out.value(to_string(granted));
  out.end_array();
  if (client.device && !client.device->token.empty())
    out.member("deviceToken", client.device->token).member("issuedAtMs", client.device->issued_at);
  out.end_object();
}

} // namespace

std::string hello_payload(gateway_shared& shared, const welcome& client, std::string_view conn_id,
                          std::span<const std::string_view> methods) {
  json_writer out;
  out.begin_object()
      .member("type", "hello-ok")
      .member("protocol", protocol_version)
      .key("server")
      .begin_object()
      .member("version", shared.context().version)
      .member("bootId", shared.boot_id())
      .member("connId", conn_id)
      .end_object()
      .key("features");
  write_features(out, methods);
  out.key("snapshot");
  write_snapshot(out, shared, client);
  out.key("auth");
  write_auth(out, client);
  out.key("policy")
      .begin_object()
      .member("maxPayload", payload_bytes_max)
      .member("maxBufferedBytes", buffered_bytes_max)
      .member("tickIntervalMs", std::chrono::milliseconds{tick_period}.count())
      .member_raw("allowedSessionVisibilities", R"(["shared"])")
      .member("hasMultipleSessionSharingIdentities", false)
      .end_object()
      .end_object();
  return out.take();
}

std::string challenge_frame(std::string_view nonce, wall_ms now) {
  json_writer out;
  out.begin_object()
      .member("type", "event")
      .member("event", "connect.challenge")
      .key("payload")
      .begin_object()
      .member("nonce", nonce)
      .member("ts", now)
      .end_object()
      .end_object();
  return out.take();
}

} // namespace troupe::gateway
