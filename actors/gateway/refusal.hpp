#pragma once

#include "actors/gateway/connect_params.hpp"
#include "actors/gateway/devices/device_ledger.hpp"
#include "actors/gateway/devices/identity.hpp"
#include "actors/gateway/protocol_error.hpp"
#include "actors/gateway/scopes.hpp"
#include "config/settings.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

/// Every way in which a connection is not let in, in the protocol's words. Pure. Source:
/// protocol.md section 2.
namespace troupe::gateway {

/// The connection ends: error response first (unless `response_id` is empty), then the close.
struct refusal {
  std::string response_id;
  protocol_error failure;
  std::uint16_t close_code = 1008;
  std::string close_reason;
  std::chrono::milliseconds delay{0}; ///< Held back this long, against guessing.
};

bool is_browser_ui(const connect_params& client);

refusal refuse(protocol_error failure, std::uint16_t close_code = 1008);
refusal version_mismatch(const connect_params& client);
refusal not_started(bool draining);
refusal origin_refused(std::string_view reason);
refusal device_required();
refusal browser_device_required();
refusal device_not_believed(const device_fault& fault);
/// What a request is answered whose sender lacks `needed`.
protocol_error missing_scope(scope needed);
/// `details.code` PAIRING_REQUIRED.
refusal pairing_required(const connect_params& client, const std::string& device_id,
                         const device_waiting& waiting);

// Failed authentication. `password`: the gateway wants a password, not a token.

refusal secret_missing(const connect_params& client, bool password);
refusal secret_mismatch(const connect_params& client, bool password);
refusal secret_not_configured(bool password);
refusal bootstrap_token_invalid();
refusal device_token_mismatch();
refusal device_token_scope_mismatch();
refusal proxy_not_believed(std::string_view reason);
refusal rate_limited(std::chrono::milliseconds wait);

} // namespace troupe::gateway
