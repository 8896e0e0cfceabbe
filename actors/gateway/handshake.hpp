#pragma once

#include "actors/gateway/auth_limiter.hpp"
#include "actors/gateway/connect_params.hpp"
#include "actors/gateway/frames.hpp"
#include "actors/gateway/origin.hpp"
#include "actors/gateway/scopes.hpp"
#include "config/settings.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>

/// Decides whether a connection becomes a client, and what it may do. Source: protocol.md section
/// 2; devices are not verified yet, so nobody is trusted because of one.
namespace troupe::gateway {

/// The connection is a client now.
struct welcome {
  std::string request_id;
  connect_params params;
  scope_set scopes;
};

/// The connection ends: error response first (unless `response_id` is empty), then the close.
struct refusal {
  std::string response_id;
  protocol_error failure;
  std::uint16_t close_code = 1008;
  std::string close_reason;
  std::chrono::milliseconds delay{0}; ///< Held back this long, against guessing.
};

/// What the decision depends on beside the client's words.
struct handshake_facts {
  const config::gateway_settings* settings = nullptr;
  bool started = false;
  bool draining = false;
  std::chrono::nanoseconds now{};
};

using handshake_outcome = std::variant<welcome, refusal>;

/// The first frame of a connection.
handshake_outcome judge_first_frame(std::string_view text, const connection_origin& from,
                                    const handshake_facts& facts, auth_limiter& limiter);

/// One shared-secret check, for WebSocket and HTTP alike; in constant time.
enum class secret_verdict { correct, wrong, not_configured };
secret_verdict judge_secret(const config::gateway_settings& settings, std::string_view candidate);

} // namespace troupe::gateway
