#pragma once

#include "net/http/server.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace troupe::gateway {

/// Where a connection comes from, as far as trust depends on it.
struct connection_origin {
  net::peer_address peer;
  std::string host;                  ///< Host header.
  std::optional<std::string> origin; ///< Origin header; a browser sends it.
  bool forwarded = false;            ///< A proxy's header is present.
  /// From this machine and not through a proxy.
  bool direct_loopback() const { return peer.loopback && !forwarded; }
};

connection_origin origin_of(const net::header_list& headers, net::peer_address peer);

/// Host without port and brackets, lower-case: "[::1]:1" is "::1".
std::string host_name(std::string_view authority);
bool is_loopback_name(std::string_view host);

/// Whether a browser page of `from.origin` may talk to us: it was served by this host, or both ends
/// are loopback, or the operator listed it (`gateway.controlUi.allowedOrigins`; "*" allows all).
bool origin_allowed(const connection_origin& from, std::span<const std::string> allowed);

} // namespace troupe::gateway
