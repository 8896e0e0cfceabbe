#include "actors/gateway/devices/device_ledger.hpp"
#include "actors/gateway/devices/device_ledger_parts.hpp"
#include "actors/gateway/devices/device_report.hpp"
#include "actors/gateway/devices/device_token.hpp"
#include "actors/gateway/refusal.hpp"

/// What operators do with devices: the second half of the ledger.
namespace troupe::gateway {
namespace {

using tables::pairing_row;

constexpr std::uint16_t policy_violation = 1008;
constexpr std::uint16_t device_removed = 4001;

/// The first of `wanted` that `held` does not allow.
std::optional<scope> not_held(const scope_set& held, const scope_set& wanted) {
  for (const auto one : wanted.list())
    if (!held.allows(one))
      return one;
  return std::nullopt;
}

/// Rows of a request as the ask that it was.
device_ask ask_of(const pairing_row& request) {
  device_ask ask;
  ask.what = request.what;
  ask.role = request.role;
  ask.scopes = scope_set::of(request.scopes);
  return ask;
}

} // namespace

device_ledger::answer device_ledger::approve(const std::string& request_id,
                                             const device_caller& by) {
  return settled(try_approve(request_id, by));
}

result<device_ledger::answer> device_ledger::try_approve(const std::string& request_id,
                                                         const device_caller& by) {
  TR_TRY(const auto request, rows_.pairing(request_id));
  if (!request || now_ - request->asked_at >= pairing_age_max_ms)
    return answer{invalid_request("unknown requestId")};
  const auto ask = ask_of(*request);
  // A node runs commands for those who use it: only an administrator lets one in.
  if (ask.role != "operator" && !by.scopes.allows(scope::admin))
    return answer{invalid_request("device pairing approval denied")};
  if (const auto lacking = not_held(by.scopes, ask.scopes))
    return answer{missing_scope(*lacking)};
  TR_TRY(const auto known, rows_.device(request->what.device_id));
  if (!known) {
    TR_TRY(const auto all, rows_.devices());
    if (all.size() >= devices_max)
      return answer{too_many("paired devices; remove some")};
  }
  // Read before anything is written: a row that cannot be read must leave all as it is.
  TR_TRY(rows_.tokens(request->what.device_id));
  TR_TRY(grant(ask.what.device_id, ask.role, ask.scopes));
  const auto row = approved(known, ask, "owner", now_);
  rows_.put(row);
  rows_.erase(*request);
  resolve(*request, "approved");
  TR_TRY(const auto tokens, rows_.tokens(row.what.device_id));
  json_writer payload;
  payload.begin_object().member("requestId", request_id).key("device");
  write_device(payload, row, tokens, {});
  payload.end_object();
  return answer{payload.take()};
}

device_ledger::answer device_ledger::reject(const std::string& request_id) {
  const auto request = rows_.pairing(request_id);
  if (!request)
    return from_failure(request.error());
  if (!request.value())
    return invalid_request("unknown requestId");
  rows_.erase(*request.value());
  resolve(*request.value(), "rejected");
  json_writer payload;
  payload.begin_object()
      .member("requestId", request_id)
      .member("deviceId", request.value()->what.device_id)
      .end_object();
  return payload.take();
}

device_ledger::answer device_ledger::remove(const std::string& device_id) {
  return settled(try_remove(device_id));
}

result<device_ledger::answer> device_ledger::try_remove(const std::string& device_id) {
  TR_TRY(const auto known, rows_.device(device_id));
  if (!known)
    return answer{invalid_request("unknown deviceId")};
  TR_TRY(const auto tokens, rows_.tokens(device_id));
  TR_TRY(const auto pending, rows_.pairings());
  rows_.erase(*known);
  for (const auto& token : tokens)
    rows_.erase(token);
  for (const auto& request : pending)
    if (request.what.device_id == device_id) {
      rows_.erase(request);
      resolve(request, "rejected");
    }
  news_.closings.push_back({device_id, {}, device_removed, "device removed"});
  json_writer payload;
  payload.begin_object().member("deviceId", device_id).end_object();
  return answer{payload.take()};
}

device_ledger::answer device_ledger::rotate(const std::string& device_id, const std::string& role,
                                            const std::optional<std::vector<std::string>>& wanted,
                                            const device_caller& by) {
  return settled(try_rotate(device_id, role, wanted, by));
}

result<device_ledger::answer>
device_ledger::try_rotate(const std::string& device_id, const std::string& role,
                          const std::optional<std::vector<std::string>>& wanted,
                          const device_caller& by) {
  TR_TRY(const auto known, rows_.device(device_id));
  TR_TRY(const auto held, rows_.token(device_id, role));
  if (!known || !held)
    return answer{invalid_request("unknown deviceId/role")};
  const auto scopes = scope_set::of(wanted ? *wanted : held->scopes);
  if (wanted && scopes.list().size() != wanted->size())
    return answer{invalid_request("unknown scope in scopes")};
  if (role != "operator" && !scopes.list().empty())
    return answer{invalid_request("only the role operator has scopes")};
  // A token is worth its scopes: nobody makes one that is worth more than the device was approved
  // for, or than the caller is.
  if (const auto lacking = not_held(scope_set::of(known->scopes), scopes))
    return answer{
        invalid_request("device is not approved for scope: " + std::string{to_string(*lacking)})};
  if (const auto lacking = not_held(by.scopes, scopes))
    return answer{missing_scope(*lacking)};
  TR_TRY(const auto secret, token_secret());
  auto row = renewed_token(*held, secret);
  row.scopes = sorted_names(scopes);
  row.rotated_at = now_;
  rows_.put(row, held);
  news_.closings.push_back({device_id, role, policy_violation, "device token rotated"});
  json_writer payload;
  payload.begin_object().member("deviceId", device_id).member("role", role);
  write_texts(payload, "scopes", row.scopes);
  payload.member("rotatedAtMs", now_);
  // Who came with the gateway's secret is an operator, though on a device: a token reaches only the
  // device that holds the one before.
  if (by.device_id == device_id && by.by_device_token)
    payload.member("token", derive_token(secret, device_id, role, row.nonce))
        .member("tokenDelivery", "in-band");
  else
    payload.member("tokenDelivery", "withheld-cross-device");
  payload.end_object();
  return answer{payload.take()};
}

device_ledger::answer device_ledger::revoke(const std::string& device_id, const std::string& role) {
  return settled(try_revoke(device_id, role));
}

/// The revoked token leaves a row with a nonce of its own: no text leads to it, and connections
/// that were opened under the old nonce end.
result<device_ledger::answer> device_ledger::try_revoke(const std::string& device_id,
                                                        const std::string& role) {
  TR_TRY(const auto held, rows_.token(device_id, role));
  if (!held)
    return answer{invalid_request("unknown deviceId/role")};
  TR_TRY(const auto secret, token_secret());
  auto row = renewed_token(*held, secret);
  row.revoked_at = now_;
  rows_.put(row, held);
  news_.closings.push_back({device_id, role, policy_violation, "device token revoked"});
  json_writer payload;
  payload.begin_object()
      .member("deviceId", device_id)
      .member("role", role)
      .member("revokedAtMs", now_)
      .end_object();
  return answer{payload.take()};
}

} // namespace troupe::gateway
