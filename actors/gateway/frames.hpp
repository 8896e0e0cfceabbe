#pragma once

#include "actors/gateway/json_writer.hpp"
#include "actors/gateway/protocol_error.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <variant>

namespace troupe::gateway {

/// A valid request frame.
struct request_frame {
  std::string id;
  std::string method;
  boost::json::object params;
  bool params_given = false;
};

/// Text that is no JSON at all.
struct not_json {};
/// JSON, but no valid request. `id` is the frame's, or "invalid".
struct bad_frame {
  std::string id;
  bool is_request = false; ///< `type` is "req": answerable.
  std::string findings;
};

using parsed_frame = std::variant<request_frame, bad_frame, not_json>;

/// Parses with a depth limit. Source: protocol.md section 1, "Frames".
parsed_frame parse_frame(std::string_view text);

std::string response_ok(std::string_view id, std::string_view payload);
std::string response_error(std::string_view id, const protocol_error& failure,
                           std::string_view payload = {});
/// Everything of an event frame but its `seq` and closing brace, shared by all receivers.
std::string event_body(std::string_view name, std::string_view payload,
                       std::string_view state_version = {});
/// The same, with the payload's object open for its members: closing that is all that is left.
json_writer begin_event_body(std::string_view name);
/// What closes an event frame for one receiver.
std::string event_tail(std::uint64_t seq);

} // namespace troupe::gateway
