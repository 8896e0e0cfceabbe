#pragma once

#include "actors/gateway/json_writer.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <string>

namespace troupe::gateway {

/// The protocol's error object. Source: protocol.md section 1, "Error object".
struct protocol_error {
  std::string code = "INVALID_REQUEST";
  std::string message;
  std::string details; ///< JSON object text; empty: left out.
  bool retryable = false;
  std::uint64_t retry_after_ms = 0; ///< 0: left out.
};

void write(json_writer& out, const protocol_error& failure);

protocol_error invalid_request(std::string message, std::string details = {});
protocol_error unavailable(std::string message, std::string details = {});
/// How a failure of ours is told to a client: what can be tried again says so.
protocol_error from_failure(const error& failure);

} // namespace troupe::gateway
