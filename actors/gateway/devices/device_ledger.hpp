#pragma once

#include "actors/gateway/devices/device_rows.hpp"
#include "actors/gateway/devices/pairing_policy.hpp"
#include "actors/gateway/protocol_error.hpp"
#include "base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What is written about devices. Each operation reads the rows and puts what changes on top of
/// them; the caller commits `rows.batch()` and only then tells anybody what happened. An operation
/// that refuses or fails has changed nothing. Pure.
///
/// Invariants: a connection gets at most the scopes that its device was approved for; an operator
/// approves and hands out only what the operator holds; a token never allows more than its device.
namespace troupe::gateway {

/// Requests that wait for approval; one more is refused.
inline constexpr std::size_t pairings_max = 256;
/// Of them, those that come from one party (an address, a /64) that is not this machine: nobody
/// takes all places from the others.
inline constexpr std::size_t pairings_of_party_max = 32;
inline constexpr std::size_t devices_max = 10'000;
/// A request that nobody answers is forgotten. A client that still wants in asks again. The time is
/// OpenClaw's.
inline constexpr wall_ms pairing_age_max_ms = 300'000;
/// A repeated request is noted as new this often.
inline constexpr wall_ms pairing_refresh_ms = 60'000;
/// `lastSeen` is written this often (architecture 6.10).
inline constexpr wall_ms seen_period_ms = 600'000;
/// Of every text that a client says about its device.
inline constexpr std::size_t description_bytes_max = 128;

/// Who asks: an operator's connection.
struct device_caller {
  scope_set scopes;
  std::string device_id;        ///< Empty: without a device.
  bool by_device_token = false; ///< That is what it proved itself with.
};

/// Something that other clients are told.
struct device_event {
  std::string name;
  std::string payload;
};
/// Connections that end because of it.
struct device_closing {
  std::string device_id;
  std::string role; ///< Empty: all.
  std::uint16_t code = 1008;
  std::string reason;
};
/// What follows a commit.
struct device_news {
  std::vector<device_event> events;
  std::vector<device_closing> closings;
};

/// What a device's connection is opened under. It ends when the nonce is not the role's any more.
struct device_grant {
  std::string device_id;
  std::string role;
  std::string nonce;
  std::string token; ///< Empty: none is handed out (revoked).
  wall_ms issued_at = 0;
  wall_ms last_seen_at = 0;
};
/// The request that has to be approved first.
struct device_waiting {
  std::string request_id;
  pairing_reason reason = pairing_reason::not_paired;
  std::vector<std::string> approved_roles;
  std::vector<std::string> approved_scopes;
};
using device_admission = std::variant<device_grant, device_waiting, protocol_error>;

class device_ledger {
public:
  device_ledger(device_rows& rows, wall_ms now) : rows_(rows), now_(now) {}

  /// Lets a device in that is approved for what it asks, or that may be approved without asking;
  /// else notes its request. `room`: new devices and requests are taken.
  device_admission admit(const device_ask& ask, bool room);

  using answer = std::variant<std::string, protocol_error>; ///< The payload, or why not.
  answer approve(const std::string& request_id, const device_caller& by);
  answer reject(const std::string& request_id);
  answer remove(const std::string& device_id);
  /// `wanted`: the new token's scopes; nothing: as before.
  answer rotate(const std::string& device_id, const std::string& role,
                const std::optional<std::vector<std::string>>& wanted, const device_caller& by);
  answer revoke(const std::string& device_id, const std::string& role);
  /// Notes that a device was here.
  void seen(const std::string& device_id, const std::string& role, const std::string& reason);
  /// Forgets requests that are too old.
  void expire();

  device_news& news() { return news_; }

private:
  result<device_admission> try_admit(const device_ask& ask, bool room);
  result<device_admission> wait(const device_ask& ask, pairing_reason reason,
                                const std::optional<tables::device_row>& known);
  result<device_grant> grant(const std::string& device_id, const std::string& role,
                             const scope_set& added);
  result<std::string> token_secret();
  result<answer> try_approve(const std::string& request_id, const device_caller& by);
  result<answer> try_remove(const std::string& device_id);
  result<answer> try_rotate(const std::string& device_id, const std::string& role,
                            const std::optional<std::vector<std::string>>& wanted,
                            const device_caller& by);
  result<answer> try_revoke(const std::string& device_id, const std::string& role);
  void resolve(const tables::pairing_row& request, std::string_view decision);
  tables::device_token_row fresh_token(const std::string& device_id, const std::string& role,
                                       std::string_view secret) const;
  /// The same token with another text.
  tables::device_token_row renewed_token(const tables::device_token_row& held,
                                         std::string_view secret) const;

  device_rows& rows_;
  const wall_ms now_;
  device_news news_;
};

/// The grant of a device that needs nothing written: approved, with a token row, and no other token
/// than the one that was shown. Nothing: the writer must judge it.
result<std::optional<device_grant>> standing_grant(const device_rows& rows, const device_ask& ask);

/// Whether a connection that was opened under `grant` may go on.
bool still_granted(const device_rows& rows, const device_grant& grant);

} // namespace troupe::gateway
