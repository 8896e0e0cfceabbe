#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "persistence/tables/digest.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The rows of devices, all in the group `meta`. Formats: docs/formats/tables.md, "The tables of
/// devices". Roles and scopes are the protocol's names, so that a build keeps those that it does
/// not know.
namespace troupe::tables {

/// "0f…" of 64 lower-case characters; anything else is no device id.
std::optional<full_digest> device_digest(std::string_view device_id);

/// What a client says about a device. `platform` and `device_family` are pinned at approval.
struct device_description {
  std::string device_id;  ///< 64 hex characters.
  std::string public_key; ///< base64url of the raw 32 bytes.
  std::string display_name;
  std::string platform;
  std::string device_family;
  std::string client_id;
  std::string client_mode;
  std::string remote_ip;
};

/// A paired device: `device_key(id)`.
struct device_row {
  device_description what;
  std::vector<std::string> roles;  ///< Approved.
  std::vector<std::string> scopes; ///< Approved, for the role "operator".
  std::string approved_via;        ///< "silent", "owner", "trusted-proxy"
  wall_ms created_at = 0;
  wall_ms approved_at = 0; ///< The newest approval.
  wall_ms last_seen_at = 0;
  std::string last_seen_reason; ///< "connect", "device-token-auth"
};

/// What waits for approval: `pairing_key(request_id)`.
struct pairing_row {
  std::string request_id; ///< UUID.
  device_description what;
  std::string role;
  std::vector<std::string> scopes;
  std::string reason; ///< "not-paired", "role-upgrade", "scope-upgrade", "metadata-upgrade"
  wall_ms asked_at = 0;
};

/// The token of one role of a device: `token_key(device id, role)`.
struct device_token_row {
  std::string device_id;
  std::string role;
  std::vector<std::string> scopes; ///< At most the device's approved ones.
  std::string nonce;               ///< 16 random bytes; new with every token.
  full_digest hash{};              ///< Of the token's text.
  wall_ms created_at = 0;
  wall_ms rotated_at = 0; ///< 0: never.
  wall_ms last_used_at = 0;
  wall_ms revoked_at = 0; ///< 0: in force.
};

std::string device_key(const full_digest& device);
std::string device_prefix();
std::string pairing_key(std::string_view request_id);
std::string pairing_prefix();
std::string token_key(const full_digest& device, std::string_view role);
std::string token_prefix(const full_digest& device);
/// The value is the `token_key`.
std::string token_index_key(const full_digest& hash);
std::string token_secret_key();

std::string encode(const device_row& row);
std::string encode(const pairing_row& row);
std::string encode(const device_token_row& row);

/// Errors: `corrupt`, also for a version newer than this build reads.
result<device_row> decode_device(std::string_view bytes);
result<pairing_row> decode_pairing(std::string_view bytes);
result<device_token_row> decode_device_token(std::string_view bytes);

} // namespace troupe::tables
