#pragma once

#include "config/settings.hpp"
#include "net/http/server.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace troupe::gateway {

/// `proxy_identity::refused` of a peer that is no trusted proxy.
inline constexpr std::string_view untrusted_proxy = "trusted_proxy_untrusted_source";

/// What a trusted proxy says about a user (`gateway.auth.mode: "trusted-proxy"`).
struct proxy_identity {
  std::string user;
  std::string refused; ///< Why it is not believed; empty: it is.
};

/// Where a connection comes from, as far as trust depends on it.
struct connection_origin {
  net::peer_address peer;
  std::string ip;                     ///< The client's, also behind a trusted proxy.
  std::optional<proxy_identity> user; ///< In mode trusted-proxy only.
  std::string host;                   ///< Host header.
  std::optional<std::string> origin;  ///< Origin header; a browser sends it.
  bool forwarded = false;             ///< A proxy's header is present.
  /// From this machine and not through a proxy.
  bool direct_loopback() const { return peer.loopback && !forwarded; }
};

connection_origin origin_of(const net::header_list& headers, net::peer_address peer,
                            const config::gateway_settings& settings);

/// Host without port and brackets, lower-case: "[::1]:1" is "::1". Empty: it is written wrongly.
std::string host_name(std::string_view authority);
bool is_loopback_name(std::string_view host);

/// Whether a browser page of `from.origin` may talk to us: it was served by this host, or both ends
/// are loopback, or the operator listed it (`gateway.controlUi.allowedOrigins`; "*" allows all).
bool origin_allowed(const connection_origin& from, std::span<const std::string> allowed);

} // namespace troupe::gateway
