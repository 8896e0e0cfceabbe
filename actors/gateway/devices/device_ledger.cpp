#include "actors/gateway/devices/device_ledger.hpp"

#include "actors/gateway/address.hpp"
#include "actors/gateway/devices/device_ledger_parts.hpp"
#include "actors/gateway/devices/device_report.hpp"
#include "actors/gateway/devices/device_token.hpp"
#include "actors/gateway/refusal.hpp"
#include "base/random.hpp"

#include <algorithm>

namespace troupe::gateway {
namespace {

using tables::device_row;
using tables::device_token_row;
using tables::pairing_row;

bool same_ask(const pairing_row& request, const device_ask& ask) {
  return request.role == ask.role && request.scopes == ask.scopes.names() &&
         request.what.client_id == ask.what.client_id &&
         request.what.client_mode == ask.what.client_mode &&
         request.what.platform == ask.what.platform &&
         request.what.device_family == ask.what.device_family &&
         request.what.display_name == ask.what.display_name;
}

/// Whether one more request from `remote_ip` (empty: this machine) is taken beside `fresh` ones.
bool has_place(const std::vector<pairing_row>& fresh, std::string_view remote_ip) {
  if (fresh.size() >= pairings_max)
    return false;
  if (remote_ip.empty())
    return true;
  const auto party = party_of(remote_ip);
  const auto of_party = std::ranges::count_if(fresh, [&party](const pairing_row& request) {
    return party_of(request.what.remote_ip) == party;
  });
  return static_cast<std::size_t>(of_party) < pairings_of_party_max;
}

} // namespace

device_admission device_ledger::admit(const device_ask& ask, bool room) {
  return settled(try_admit(ask, room));
}

result<device_admission> device_ledger::try_admit(const device_ask& ask, bool room) {
  TR_TRY(const auto known, rows_.device(ask.what.device_id));
  // The token that opened the door may have been revoked or rotated since.
  if (!ask.proven_nonce.empty()) {
    TR_TRY(const auto token, rows_.token(ask.what.device_id, ask.role));
    if (!token || token->nonce != ask.proven_nonce)
      return device_admission{device_token_mismatch().failure};
  }
  const auto reason = beyond_approval(known, ask);
  if (!reason) {
    TR_TRY(auto granted, grant(ask.what.device_id, ask.role, scope_set{}));
    return device_admission{std::move(granted)};
  }
  if (!room)
    return device_admission{unavailable("storage is nearly full; no device is paired now")};
  const auto via = silent_approval(known, ask, *reason);
  if (via.empty())
    return wait(ask, *reason, known);
  if (!known) {
    TR_TRY(const auto all, rows_.devices());
    if (all.size() >= devices_max)
      return device_admission{too_many("paired devices; remove some")};
  }
  TR_TRY(auto pending, rows_.pairings());
  TR_TRY(auto granted, grant(ask.what.device_id, ask.role, ask.scopes));
  rows_.put(approved(known, ask, via, now_));
  std::string request_id = random_uuid();
  for (const auto& request : pending)
    if (request.what.device_id == ask.what.device_id) {
      request_id = request.request_id;
      rows_.erase(request);
    }
  pairing_row resolved;
  resolved.request_id = std::move(request_id);
  resolved.what.device_id = ask.what.device_id;
  resolve(resolved, "approved");
  return device_admission{std::move(granted)};
}

/// An identical request keeps its id; another one replaces it, so that nobody approves what was not
/// shown.
result<device_admission> device_ledger::wait(const device_ask& ask, pairing_reason reason,
                                             const std::optional<device_row>& known) {
  TR_TRY(auto pending, rows_.pairings());
  device_waiting out;
  out.reason = reason;
  if (known) {
    out.approved_roles = known->roles;
    out.approved_scopes = known->scopes;
  }
  const auto old = std::ranges::find_if(pending, [&](const pairing_row& request) {
    return request.what.device_id == ask.what.device_id;
  });
  if (old != pending.end() && same_ask(*old, ask) && now_ - old->asked_at < pairing_age_max_ms) {
    out.request_id = old->request_id;
    if (now_ - old->asked_at >= pairing_refresh_ms) {
      auto again = *old;
      again.asked_at = now_;
      again.reason = to_string(reason);
      rows_.put(again);
    }
    return device_admission{std::move(out)};
  }
  if (old != pending.end()) {
    rows_.erase(*old);
    resolve(*old, "rejected");
  } else {
    std::erase_if(pending, [this](const pairing_row& request) {
      return now_ - request.asked_at >= pairing_age_max_ms;
    });
    if (!has_place(pending, ask.what.remote_ip))
      return device_admission{too_many("pairing requests wait for approval")};
  }
  pairing_row request;
  request.request_id = random_uuid();
  request.what = ask.what;
  request.role = ask.role;
  request.scopes = ask.scopes.names();
  request.reason = to_string(reason);
  request.asked_at = now_;
  rows_.put(request);
  json_writer payload;
  write_pairing(payload, request);
  news_.events.push_back({"device.pair.requested", payload.take()});
  out.request_id = request.request_id;
  return device_admission{std::move(out)};
}

result<std::string> device_ledger::token_secret() {
  TR_TRY(auto secret, rows_.token_secret());
  if (secret.empty()) {
    secret = random_bytes(token_secret_bytes);
    rows_.put_token_secret(secret);
  }
  return secret;
}

device_token_row device_ledger::fresh_token(const std::string& device_id, const std::string& role,
                                            std::string_view secret) const {
  device_token_row row;
  row.device_id = device_id;
  row.role = role;
  row.nonce = random_bytes(token_nonce_bytes);
  row.hash = token_hash(derive_token(secret, device_id, role, row.nonce));
  row.created_at = now_;
  return row;
}

device_token_row device_ledger::renewed_token(const device_token_row& held,
                                              std::string_view secret) const {
  auto row = fresh_token(held.device_id, held.role, secret);
  row.scopes = held.scopes;
  row.created_at = held.created_at;
  row.rotated_at = held.rotated_at;
  row.last_used_at = held.last_used_at;
  return row;
}

/// The role's token, made when there is none; `added` scopes are approved at this moment.
result<device_grant> device_ledger::grant(const std::string& device_id, const std::string& role,
                                          const scope_set& added) {
  TR_TRY(const auto held, rows_.token(device_id, role));
  TR_TRY(const auto secret, token_secret());
  auto row = held.value_or(fresh_token(device_id, role, secret));
  auto scopes = scope_set::of(row.scopes);
  if (role == "operator")
    for (const auto one : added.list())
      scopes.grant(one);
  auto names = sorted_names(scopes);
  if (!held || names != row.scopes) {
    row.scopes = std::move(names);
    rows_.put(row, held);
  }
  device_grant out{.device_id = device_id,
                   .role = role,
                   .nonce = row.nonce,
                   .token = {},
                   .issued_at = std::max(row.created_at, row.rotated_at)};
  if (row.revoked_at == 0)
    out.token = derive_token(secret, device_id, role, row.nonce);
  return out;
}

void device_ledger::resolve(const pairing_row& request, std::string_view decision) {
  json_writer payload;
  payload.begin_object()
      .member("requestId", request.request_id)
      .member("deviceId", request.what.device_id)
      .member("decision", decision)
      .member("ts", now_)
      .end_object();
  news_.events.push_back({"device.pair.resolved", payload.take()});
}

void device_ledger::seen(const std::string& device_id, const std::string& role,
                         const std::string& reason) {
  const auto known = rows_.device(device_id);
  const auto token = rows_.token(device_id, role);
  if (!known || !known.value() || !token || !token.value())
    return; // Removed meanwhile.
  auto row = *known.value();
  row.last_seen_at = now_;
  row.last_seen_reason = reason;
  rows_.put(row);
  if (reason != "device-token-auth")
    return;
  auto used = *token.value();
  used.last_used_at = now_;
  rows_.put(used, token.value());
}

void device_ledger::expire() {
  const auto pending = rows_.pairings();
  if (!pending)
    return;
  for (const auto& request : pending.value())
    if (now_ - request.asked_at >= pairing_age_max_ms) {
      rows_.erase(request);
      resolve(request, "rejected");
    }
}

result<std::optional<device_grant>> standing_grant(const device_rows& rows, const device_ask& ask) {
  TR_TRY(const auto known, rows.device(ask.what.device_id));
  if (beyond_approval(known, ask))
    return std::optional<device_grant>{};
  TR_TRY(const auto token, rows.token(ask.what.device_id, ask.role));
  TR_TRY(const auto secret, rows.token_secret());
  if (!token || secret.empty() || (!ask.proven_nonce.empty() && token->nonce != ask.proven_nonce))
    return std::optional<device_grant>{};
  device_grant out{.device_id = ask.what.device_id,
                   .role = ask.role,
                   .nonce = token->nonce,
                   .token = {},
                   .issued_at = std::max(token->created_at, token->rotated_at),
                   .last_seen_at = known->last_seen_at};
  if (token->revoked_at == 0)
    out.token = derive_token(secret, out.device_id, out.role, out.nonce);
  return std::optional{std::move(out)};
}

bool still_granted(const device_rows& rows, const device_grant& grant) {
  const auto token = rows.token(grant.device_id, grant.role);
  return token && token.value() && token.value()->nonce == grant.nonce;
}

} // namespace troupe::gateway
