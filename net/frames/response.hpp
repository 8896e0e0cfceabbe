#pragma once

#include "net/http/server.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

/// Outgoing frames of the gateway protocol v4. Pure; thread: any. Source: protocol.md section 1.
///
/// Payloads come in as JSON text that is already valid and compact; they are spliced, not parsed.
namespace troupe::net::frames {

/// The codes that are sent.
namespace code {
inline constexpr std::string_view invalid_request = "INVALID_REQUEST";
inline constexpr std::string_view forbidden = "FORBIDDEN";
inline constexpr std::string_view unavailable = "UNAVAILABLE";
inline constexpr std::string_view not_paired = "NOT_PAIRED";
inline constexpr std::string_view approval_not_found = "APPROVAL_NOT_FOUND";
} // namespace code

struct error_shape {
  std::string code;
  std::string message;
  std::string details_json; ///< Empty: no `details`.
  std::optional<bool> retryable;
  std::optional<std::int64_t> retry_after_ms;
};

/// `{"code":…,"message":…,…}`
std::string error_json(const error_shape& error);

ws_frame response_ok(std::string_view id, std::string payload_json);
/// The same payload for several clients or a large one: not copied.
ws_frame response_ok(std::string_view id, std::shared_ptr<const std::string> payload_json);
/// Without a payload.
ws_frame response_ok(std::string_view id);
ws_frame response_error(std::string_view id, const error_shape& error);

struct state_version {
  std::uint64_t presence = 0;
  std::uint64_t health = 0;
};

/// One event, serialised once for all its receivers; what differs per client goes into the frame's
/// tail.
class event {
public:
  event(std::string_view name, std::string_view payload_json);
  event(std::string_view name, std::string_view payload_json, state_version version);
  /// Without `seq`: events that carry none (connect.challenge, models.snapshot, to nodes).
  ws_frame frame() const;
  /// `seq` counts per connection from 1.
  ws_frame frame(std::uint64_t seq) const;
  std::size_t bytes() const { return body_->size(); }

private:
  std::shared_ptr<const std::string> body_; ///< All but the closing brace.
};

} // namespace troupe::net::frames
