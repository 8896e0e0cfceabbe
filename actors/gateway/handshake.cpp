#include "actors/gateway/handshake.hpp"

#include "actors/gateway/devices/device_rows.hpp"
#include "actors/gateway/limits.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <optional>

namespace troupe::gateway {
namespace {

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

bool is_backend(const connect_params& client) {
  return client.client_id == "gateway-client" && client.client_mode == "backend";
}

/// A connection being judged: what is known about it so far.
struct visitor {
  const connect_params& client;
  const connection_origin& from;
  const handshake_facts& facts;

  bool no_auth() const { return facts.settings->auth.mode == config::auth_mode::none; }
  /// From this machine, not through a proxy, and not out of a browser. Without any secret also
  /// addressed as this machine, because a page can rebind a name of its own to us.
  bool local_program() const {
    return from.direct_loopback() && !from.origin &&
           (!no_auth() || is_loopback_name(host_name(from.host)));
  }
};

/// `cli` and the gateway's own backend client are trusted with their scopes without a device, but
/// only as programs of this machine.
bool keeps_scopes(const visitor& who) {
  if (!who.local_program() || who.client.role != "operator")
    return false;
  if (is_backend(who.client))
    return true;
  return !who.no_auth() && who.client.client_id == "cli" && who.client.client_mode == "cli";
}

scope_set asked_scopes(const connect_params& client) {
  return client.role == "operator" ? scope_set::of(client.scopes) : scope_set{};
}

/// What the config allows the user at most, whom a trusted proxy names.
std::optional<scope_set> limit_of_user(const visitor& who, const proof& by) {
  const auto& listed = who.facts.settings->auth.identity_scopes;
  if (by.method != "trusted-proxy" || !listed)
    return std::nullopt;
  const auto user = listed->find(who.from.user->user);
  return user == listed->end() ? scope_set{} : scope_set::of(user->second);
}

/// Those of `asked` that the limit allows; all without a limit.
scope_set within(const scope_set& asked, const std::optional<scope_set>& limit) {
  if (!limit)
    return asked;
  scope_set out;
  for (const auto one : asked.list())
    if (limit->allows(one))
      out.grant(one);
  return out;
}

welcome welcome_for(const visitor& who, const proof& by, scope_set scopes) {
  welcome out;
  out.params = who.client;
  out.method = by.method;
  out.scopes = std::move(scopes);
  // The secrets have done their work.
  out.params.token.clear();
  out.params.password.clear();
  out.params.device_token.clear();
  out.params.bootstrap_token.clear();
  return out;
}

handshake_outcome judge_without_device(const visitor& who, auth_limiter& limiter) {
  if (who.client.role == "node")
    return device_required();
  if (is_browser_ui(who.client))
    return browser_device_required();
  if (who.no_auth() && !keeps_scopes(who))
    return device_required();
  auto proven = authenticate(who.client, nullptr, who.from, who.facts, limiter);
  if (auto* refused = std::get_if<refusal>(&proven))
    return std::move(*refused);
  const auto& by = std::get<proof>(proven);
  // A user whom the config knows needs no device to be somebody.
  const auto limit = limit_of_user(who, by);
  auto scopes = keeps_scopes(who) || limit ? within(asked_scopes(who.client), limit) : scope_set{};
  return welcome_for(who, by, std::move(scopes));
}

/// What is approved without asking: protocol.md section 2, "Pairing".
silent_rules silent_rules_for(const visitor& who, const proof& by) {
  const auto& settings = *who.facts.settings;
  silent_rules out;
  if (by.method == "device-token")
    return out;
  const bool by_page = who.from.origin.has_value();
  out.local = settings.approve_local_devices && who.from.direct_loopback() &&
              by.method != "trusted-proxy" && (!by_page || is_browser_ui(who.client)) &&
              (by_page || !who.no_auth() || who.local_program());
  out.scope_upgrades = out.local && settings.auth.mode != config::auth_mode::trusted_proxy;
  if (by.method == "trusted-proxy" && settings.auth.proxy.approve_devices)
    out.by_proxy = scope_set::of(settings.auth.proxy.approve_scopes);
  return out;
}

std::string clipped(std::string_view text) {
  return std::string{cut_utf8(text, description_bytes_max)};
}

device_ask ask_of(const visitor& who, const verified_device& device, const proof& by,
                  scope_set scopes) {
  device_ask ask;
  ask.what = {.device_id = device.id,
              .public_key = device.public_key,
              .display_name = clipped(who.client.display_name),
              .platform = clipped(who.client.platform),
              .device_family = clipped(who.client.device_family),
              .client_id = who.client.client_id,
              .client_mode = who.client.client_mode,
              .remote_ip = who.from.direct_loopback() ? std::string{} : who.from.ip};
  ask.role = who.client.role;
  ask.scopes = std::move(scopes);
  ask.silent = silent_rules_for(who, by);
  if (by.device_token)
    ask.proven_nonce = by.device_token->nonce;
  return ask;
}

/// Programs of this machine that are the gateway's own, and in mode none its pages, are let in
/// without a record of their device.
bool needs_no_pairing(const visitor& who, const proof& by) {
  if (by.method == "device-token" || who.client.role != "operator")
    return false;
  if (is_backend(who.client) && keeps_scopes(who))
    return true;
  return who.no_auth() && who.from.direct_loopback() && who.from.origin &&
         is_browser_ui(who.client);
}

handshake_outcome judge_device(const visitor& who, auth_limiter& limiter) {
  const auto verified = verify_device(who.client, who.facts.challenge, who.facts.wall);
  if (const auto* fault = std::get_if<device_fault>(&verified))
    return device_not_believed(*fault);
  const auto& device = std::get<verified_device>(verified);
  auto proven = authenticate(who.client, &device, who.from, who.facts, limiter);
  if (auto* refused = std::get_if<refusal>(&proven))
    return std::move(*refused);
  const auto& by = std::get<proof>(proven);

  const auto asked = within(asked_scopes(who.client), limit_of_user(who, by));
  if (by.device_token && !scope_set::of(by.device_token->scopes).covers(asked))
    return device_token_scope_mismatch();
  auto granted = welcome_for(who, by, asked);
  if (needs_no_pairing(who, by))
    return granted;
  if (who.facts.rows == nullptr)
    return refuse(unavailable("devices are not known yet; retry shortly"));
  auto ask = ask_of(who, device, by, asked);
  auto standing = standing_grant(device_rows{*who.facts.rows}, ask);
  if (!standing) {
    log::error("gateway", "devices: {}", standing.error().detail);
    return refuse(from_failure(standing.error()));
  }
  if (!standing.value())
    return admission{std::move(granted), std::move(ask)};
  granted.device = std::move(standing).value();
  return granted;
}

handshake_outcome judge(const visitor& who, auth_limiter& limiter) {
  const auto& settings = *who.facts.settings;
  if (!speaks_our_version(who.client))
    return version_mismatch(who.client);
  if (who.client.role != "operator" && who.client.role != "node")
    return refuse(invalid_request("invalid role"));
  if (who.facts.draining || !who.facts.started)
    return not_started(who.facts.draining);
  if (who.from.origin ? !origin_allowed(who.from, settings.allowed_origins)
                      : is_browser_ui(who.client))
    return origin_refused(who.from.origin ? "origin not allowed" : "origin missing or invalid");
  return who.client.device ? judge_device(who, limiter) : judge_without_device(who, limiter);
}

} // namespace

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
  auto outcome = judge({std::get<connect_params>(read), from, facts}, limiter);
  if (auto* refused = std::get_if<refusal>(&outcome))
    return answer(std::move(*refused));
  if (auto* granted = std::get_if<welcome>(&outcome))
    granted->request_id = request.id;
  else
    std::get<admission>(outcome).granted.request_id = request.id;
  return outcome;
}

std::variant<welcome, refusal> admitted(admission asked, const device_admission& answer) {
  const auto refused = [&asked](refusal out) {
    out.response_id = asked.granted.request_id;
    return out;
  };
  if (const auto* failure = std::get_if<protocol_error>(&answer))
    return refused(refuse(*failure));
  if (const auto* waiting = std::get_if<device_waiting>(&answer))
    return refused(pairing_required(asked.granted.params, asked.ask.what.device_id, *waiting));
  asked.granted.device = std::get<device_grant>(answer);
  return std::move(asked.granted);
}

} // namespace troupe::gateway
