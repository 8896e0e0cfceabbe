#pragma once

#include "actors/gateway/auth_limiter.hpp"
#include "actors/gateway/connect_params.hpp"
#include "actors/gateway/origin.hpp"
#include "actors/gateway/refusal.hpp"
#include "persistence/journal/row_store.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// Who a client is, from what it shows: the shared secret, a device token, a proxy's word. Pure but
/// for the limiter's counts and reads of local rows. Source: protocol.md section 2, "Auth modes".
namespace troupe::gateway {

/// What a decision at the door depends on beside the client's words.
struct handshake_facts {
  const config::gateway_settings* settings = nullptr;
  const row_store* rows = nullptr; ///< Of devices; null: there are none.
  std::string_view challenge;      ///< The nonce that this connection was sent.
  bool started = false;
  bool draining = false;
  std::chrono::nanoseconds now{};
  wall_ms wall = 0;
};

/// How a client proved itself.
struct proof {
  std::string_view method; ///< "token", "password", "device-token", "trusted-proxy", "none"
  std::optional<tables::device_token_row> device_token; ///< What method "device-token" showed.
};

/// `device`: whose signature is right; null: none was sent.
std::variant<proof, refusal> authenticate(const connect_params& client,
                                          const verified_device* device,
                                          const connection_origin& from,
                                          const handshake_facts& facts, auth_limiter& limiter);

/// One shared-secret check, for WebSocket and HTTP alike; in constant time.
enum class secret_verdict { correct, wrong, not_configured };
secret_verdict judge_secret(const config::gateway_settings& settings, std::string_view candidate);

} // namespace troupe::gateway
