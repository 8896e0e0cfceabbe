#include "actors/gateway/devices/device_report.hpp"

namespace troupe::gateway {
namespace {

void write_description(json_writer& out, const tables::device_description& what) {
  out.member("deviceId", what.device_id)
      .member("publicKey", what.public_key)
      .member_if("displayName", what.display_name)
      .member("platform", what.platform)
      .member_if("deviceFamily", what.device_family)
      .member("clientId", what.client_id)
      .member("clientMode", what.client_mode);
}

void write_time(json_writer& out, std::string_view name, wall_ms at) {
  if (at != 0)
    out.member(name, at);
}

void write_token(json_writer& out, const tables::device_token_row& token) {
  out.begin_object().member("role", token.role);
  write_texts(out, "scopes", token.scopes);
  out.member("createdAtMs", token.created_at);
  write_time(out, "rotatedAtMs", token.rotated_at);
  write_time(out, "lastUsedAtMs", token.last_used_at);
  write_time(out, "revokedAtMs", token.revoked_at);
  out.end_object();
}

} // namespace

void write_texts(json_writer& out, std::string_view name, const std::vector<std::string>& texts) {
  out.key(name).begin_array();
  for (const auto& text : texts)
    out.value(text);
  out.end_array();
}

void write_pairing(json_writer& out, const tables::pairing_row& request) {
  out.begin_object().member("requestId", request.request_id);
  write_description(out, request.what);
  out.member("role", request.role);
  write_texts(out, "roles", {request.role});
  write_texts(out, "scopes", request.scopes);
  out.member_if("remoteIp", request.what.remote_ip)
      .member("silent", false)
      .member("isRepair", request.reason != "not-paired")
      .member("ts", request.asked_at)
      .end_object();
}

void write_device(json_writer& out, const tables::device_row& row,
                  const std::vector<tables::device_token_row>& tokens,
                  const std::function<bool(const std::string& device_id)>& connected) {
  out.begin_object();
  write_description(out, row.what);
  out.member("role", row.roles.empty() ? std::string{} : row.roles.front());
  write_texts(out, "roles", row.roles);
  write_texts(out, "scopes", row.scopes);
  out.member("approvedVia", row.approved_via)
      .member("createdAtMs", row.created_at)
      .member("approvedAtMs", row.approved_at);
  write_time(out, "lastSeenAtMs", row.last_seen_at);
  out.member_if("lastSeenReason", row.last_seen_reason);
  if (connected)
    out.member("connected", connected(row.what.device_id));
  out.key("tokens").begin_array();
  for (const auto& token : tokens)
    write_token(out, token);
  out.end_array().end_object();
}

} // namespace troupe::gateway
