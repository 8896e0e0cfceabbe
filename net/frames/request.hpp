#pragma once

#include <boost/json/value.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// Incoming frames of the gateway protocol v4. Pure. Source: protocol.md section 1.
namespace troupe::net::frames {

inline constexpr std::size_t json_depth_max = 64;
/// Values in one frame. A parsed value costs up to 30 bytes for two bytes of text: without a bound
/// a frame of 25 MiB could grow to half a gigabyte.
inline constexpr std::size_t json_values_max = 500'000;
inline constexpr std::size_t traceparent_bytes_max = 128;
inline constexpr std::size_t profile_id_bytes_max = 128;

struct request_frame {
  std::string id;
  std::string method;
  /// Absent is not the same as null for the method's own validation. Lives in an arena of its own
  /// that goes with the last value: read it or move it on, but don't grow it in place.
  std::optional<boost::json::value> params;
  std::string traceparent;         ///< Empty when not sent.
  std::string expected_profile_id; ///< Empty when not sent.
};

/// JSON, but not a request. `id` is the frame's own or "invalid"; `message` is the whole text of
/// the error: "invalid request frame: …".
struct invalid_frame {
  std::string id;
  std::string message;
};

/// Ignored after authentication, fatal before.
struct not_json {};

using incoming_frame = std::variant<request_frame, invalid_frame, not_json>;

/// Reads one text message. Cost: about 1 us for a small frame.
incoming_frame parse_frame(std::string_view text);

} // namespace troupe::net::frames
