#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What goes over the port in HTTP: requests as they came in, responses before their framing.
namespace troupe::net {

struct peer_address {
  std::string ip;
  std::uint16_t port = 0;
  bool loopback = false; ///< The socket's peer is 127.0.0.0/8 or ::1 and came in directly.
};

/// Names are lower-case; repeated headers stay repeated.
using header_list = std::vector<std::pair<std::string, std::string>>;

/// First value of `name` (lower-case), or empty.
std::string_view find_header(const header_list& headers, std::string_view name);

struct http_request {
  std::string method;
  std::string target; ///< As sent: path and query.
  header_list headers;
  std::string body;
  peer_address peer;
  /// A body was announced and the sink did not want it: `body` is empty.
  bool body_unread = false;
  std::string_view path() const { return std::string_view{target}.substr(0, target.find('?')); }
};

struct http_response {
  unsigned status = 200;
  header_list headers; ///< Without Content-Length, Connection and the standing security headers.
  std::string body;
};

/// How an answer that comes in pieces begins.
struct http_stream_head {
  unsigned status = 200;
  header_list headers; ///< As in `http_response`.
  /// What may be sent between two pieces without a meaning of its own; for server-sent events a
  /// comment (`sse_idle_piece`). It keeps intermediaries from giving up in a long silence and finds
  /// out whether the client still reads. Empty: nothing may be.
  std::string idle_piece;
};

inline constexpr std::string_view sse_idle_piece = ":\n\n";

} // namespace troupe::net
