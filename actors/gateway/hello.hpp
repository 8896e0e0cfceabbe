#pragma once

#include "actors/gateway/handshake.hpp"
#include "actors/gateway/shared.hpp"

#include <span>
#include <string>
#include <string_view>

namespace troupe::gateway {

/// The payload of a successful `connect`. Names no method, event or capability that does not work.
/// Source: protocol.md section 2, "hello-ok".
std::string hello_payload(gateway_shared& shared, const welcome& client, std::string_view conn_id,
                          std::span<const std::string_view> methods);

/// connect.challenge, complete with its frame.
std::string challenge_frame(std::string_view nonce, wall_ms now);

} // namespace troupe::gateway
