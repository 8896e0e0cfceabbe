#pragma once

#include "actors/gateway/connect_params.hpp"
#include "base/clock.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// Proof that a client holds a device's private key: it signs the connection's challenge together
/// with what it asks for. Pure. Source: protocol.md section 2, "Device identity and signature".
namespace troupe::gateway {

/// How far a signature's time may be from ours.
inline constexpr std::chrono::milliseconds signature_age_max{120'000};

enum class signature_version { v2, v3 };

/// The text that is signed.
std::string signature_payload(signature_version version, const connect_params& client);

/// A device whose signature is right.
struct verified_device {
  std::string id;         ///< 64 hex characters: SHA-256 of the raw public key.
  std::string public_key; ///< base64url of the raw 32 bytes, however it was sent.
};

/// Why a device is not believed, in the protocol's words.
struct device_fault {
  std::string_view message;
  std::string_view code;
  std::string_view reason;
};

/// `client.device` must be there. `challenge`: the nonce that this connection was sent.
std::variant<verified_device, device_fault> verify_device(const connect_params& client,
                                                          std::string_view challenge, wall_ms now);

/// A public key as 32 raw bytes, from base64url, base64 or PEM; nothing when it is none.
std::optional<std::string> raw_public_key(std::string_view text);

/// Trimmed and ASCII-lower-cased, as metadata is signed and compared.
std::string normal_metadata(std::string_view text);

} // namespace troupe::gateway
