#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::net {

/// Where a gateway listens. `text()` gives it back as it was written, path included.
struct ws_url {
  bool tls = false;
  std::string host; ///< Without the brackets of an IPv6 literal.
  std::uint16_t port = 0;
  std::string path = "/";
  std::string text() const;
  std::string authority() const; ///< "host:port", for a Host header and for messages.
  bool loopback() const;         ///< 127.0.0.0/8, ::1 or "localhost".
};

/// "ws://host[:port][/path]" or "wss://…"; http and https mean the same. Default ports 80 and 443.
/// Errors: `invalid_argument`; user names, queries and fragments are refused, so that no secret
/// hides in an address.
result<ws_url> parse_ws_url(std::string_view text);

} // namespace troupe::net
