#include "actors/gateway/origin.hpp"

#include "actors/gateway/address.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace troupe::gateway {
namespace {

/// "host:port" of "http://host:port"; empty when it is no web origin ("null", "file://"), or more
/// than one: with a path, a user, or anything that no browser writes.
std::string_view authority_of(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (origin.starts_with(scheme)) {
      const auto rest = origin.substr(scheme.size());
      if (host_name(rest).empty())
        return {};
      const bool plain = std::ranges::all_of(rest, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
               c == '_' || c == ':' || c == '[' || c == ']';
      });
      return plain ? rest : std::string_view{};
    }
  return {};
}

bool says_forwarded(std::string_view name) {
  return name == "forwarded" || name == "x-real-ip" || name == "via" ||
         name.starts_with("x-forwarded-");
}

constexpr std::size_t user_bytes_max = 256;

/// The user that the proxy names in exactly one header, which it must set itself: a proxy that
/// passes the client's own header on would add a second one.
proxy_identity identify(const net::header_list& headers, const net::peer_address& peer,
                        const config::gateway_settings& settings) {
  const auto& proxy = settings.auth.proxy;
  proxy_identity out;
  if (!in_ranges(peer.ip, settings.trusted_proxies) || (peer.loopback && !proxy.allow_loopback)) {
    out.refused = untrusted_proxy;
    return out;
  }
  for (const auto& needed : proxy.required_headers)
    if (net::find_header(headers, needed).empty()) {
      out.refused = "trusted_proxy_missing_header";
      return out;
    }
  const auto named =
      std::ranges::count(headers, proxy.user_header, &net::header_list::value_type::first);
  out.user = net::find_header(headers, proxy.user_header);
  if (named != 1 || out.user.empty() || out.user.size() > user_bytes_max)
    out.refused = "trusted_proxy_user_missing";
  else if (!proxy.allow_users.empty() &&
           std::ranges::find(proxy.allow_users, out.user) == proxy.allow_users.end())
    out.refused = "trusted_proxy_user_not_allowed";
  return out;
}

} // namespace

connection_origin origin_of(const net::header_list& headers, net::peer_address peer,
                            const config::gateway_settings& settings) {
  connection_origin from;
  from.peer = std::move(peer);
  from.ip = client_ip(headers, from.peer, settings.trusted_proxies);
  from.host = net::find_header(headers, "host");
  const bool by_proxy = settings.auth.mode == config::auth_mode::trusted_proxy;
  for (const auto& [name, value] : headers) {
    // A second one is no browser's: nobody may choose which of them counts.
    if (name == "origin")
      from.origin = from.origin ? std::string{} : value;
    if (says_forwarded(name) || (by_proxy && name == settings.auth.proxy.user_header))
      from.forwarded = true;
  }
  if (by_proxy)
    from.user = identify(headers, from.peer, settings);
  return from;
}

std::string host_name(std::string_view authority) {
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    const auto behind = end == std::string_view::npos ? "?" : authority.substr(end + 1);
    return behind.empty() || behind.starts_with(':') ? to_lower(authority.substr(1, end - 1))
                                                     : std::string{};
  }
  const auto colon = authority.rfind(':');
  // Two colons without brackets: a bare IPv6 address.
  if (colon != std::string_view::npos && authority.find(':') == colon)
    authority = authority.substr(0, colon);
  return to_lower(authority);
}

bool is_loopback_name(std::string_view host) {
  if (host == "localhost" || host == "::1")
    return true;
  if (!host.starts_with("127."))
    return false;
  return std::ranges::all_of(host, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

bool origin_allowed(const connection_origin& from, std::span<const std::string> allowed) {
  if (!from.origin)
    return true;
  const auto written = to_lower(*from.origin);
  for (const auto& entry : allowed)
    if (entry == "*" || to_lower(entry) == written)
      return true;
  const auto authority = authority_of(written);
  if (authority.empty())
    return false;
  const auto page_host = host_name(authority);
  if (from.direct_loopback() && is_loopback_name(page_host))
    return is_loopback_name(host_name(from.host));
  // Behind a name of our own the whole authority must agree. On loopback a foreign name that
  // resolves to us (DNS rebinding) must not pass.
  return !from.peer.loopback && !from.host.empty() && to_lower(from.host) == authority;
}

} // namespace troupe::gateway
