#pragma once

#include "actors/gateway/authentication.hpp"
#include "actors/gateway/connect_params.hpp"
#include "actors/gateway/devices/device_ledger.hpp"
#include "actors/gateway/frames.hpp"
#include "actors/gateway/origin.hpp"
#include "actors/gateway/refusal.hpp"
#include "actors/gateway/scopes.hpp"

#include <optional>
#include <string>
#include <variant>

/// Decides whether a connection becomes a client, and what it may do. Source: protocol.md section
/// 2.
namespace troupe::gateway {

/// The connection is a client now.
struct welcome {
  std::string request_id;
  connect_params params; ///< Without secrets.
  scope_set scopes;
  std::string_view method;            ///< How it proved itself: `proof::method`.
  std::optional<device_grant> device; ///< Whose connection it is.
};

/// The connection becomes a client as `granted` when the writer of devices lets `ask` in.
struct admission {
  welcome granted;
  device_ask ask;
};

using handshake_outcome = std::variant<welcome, refusal, admission>;

/// The first frame of a connection.
handshake_outcome judge_first_frame(std::string_view text, const connection_origin& from,
                                    const handshake_facts& facts, auth_limiter& limiter);

/// What the writer's answer makes of an admission.
std::variant<welcome, refusal> admitted(admission asked, const device_admission& answer);

} // namespace troupe::gateway
