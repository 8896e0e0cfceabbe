#pragma once

#include "actors/gateway/scopes.hpp"
#include "persistence/tables/device_tables.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Who must be approved, and who is without being asked. Pure. Source: protocol.md section 2,
/// "Pairing".
namespace troupe::gateway {

/// In the order in which they are looked for.
enum class pairing_reason { not_paired, role_upgrade, scope_upgrade, metadata_upgrade };

/// "not-paired"
std::string_view to_string(pairing_reason reason);
std::optional<pairing_reason> pairing_reason_from(std::string_view name);
/// "pairing required: device is not approved yet"
std::string_view pairing_message(pairing_reason reason);

/// What nobody needs to be asked for, decided from where the connection comes.
struct silent_rules {
  bool local = false; ///< This machine itself, by a client that may: new devices and roles.
  bool scope_upgrades = false;       ///< And wider scopes.
  std::optional<scope_set> by_proxy; ///< Operators that a trusted proxy vouches for, up to these.
};

/// A device whose signature is right, at the door with a credential that is right.
struct device_ask {
  tables::device_description what;
  std::string role;
  scope_set scopes; ///< Those that are known; none for the role "node".
  silent_rules silent;
  std::string proven_nonce; ///< Of the token that was shown; empty: it proved itself otherwise.
};

/// Why `ask` goes beyond what was approved for `known`; nothing: it does not.
std::optional<pairing_reason> beyond_approval(const std::optional<tables::device_row>& known,
                                              const device_ask& ask);

/// How `ask` is approved without an operator: "silent", "trusted-proxy"; empty: it is not.
std::string_view silent_approval(const std::optional<tables::device_row>& known,
                                 const device_ask& ask, pairing_reason reason);

/// What an approval of `ask` makes of a device: roles and scopes are added, never taken away, and
/// platform and family are pinned anew.
tables::device_row approved(const std::optional<tables::device_row>& known, const device_ask& ask,
                            std::string_view via, wall_ms now);

} // namespace troupe::gateway
