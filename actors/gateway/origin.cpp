#include "actors/gateway/origin.hpp"

#include <algorithm>

namespace troupe::gateway {
namespace {

std::string lower(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// "host:port" of "http://host:port"; empty when it is no web origin ("null", "file://").
std::string_view authority_of(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (origin.starts_with(scheme)) {
      const auto rest = origin.substr(scheme.size());
      return rest.substr(0, rest.find('/'));
    }
  return {};
}

} // namespace

connection_origin origin_of(const net::header_list& headers, net::peer_address peer) {
  connection_origin from;
  from.peer = std::move(peer);
  from.host = net::find_header(headers, "host");
  for (const auto& [name, value] : headers) {
    if (name == "origin")
      from.origin = value;
    if (name == "forwarded" || name == "x-forwarded-for" || name == "x-forwarded-host" ||
        name == "x-real-ip")
      from.forwarded = true;
  }
  return from;
}

std::string host_name(std::string_view authority) {
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    return lower(authority.substr(1, end == std::string_view::npos ? end : end - 1));
  }
  const auto colon = authority.rfind(':');
  // Two colons without brackets: a bare IPv6 address.
  if (colon != std::string_view::npos && authority.find(':') == colon)
    authority = authority.substr(0, colon);
  return lower(authority);
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
  const auto written = lower(*from.origin);
  for (const auto& entry : allowed)
    if (entry == "*" || lower(entry) == written)
      return true;
  const auto authority = authority_of(written);
  if (authority.empty())
    return false;
  const auto page_host = host_name(authority);
  if (from.direct_loopback() && is_loopback_name(page_host))
    return is_loopback_name(host_name(from.host));
  // Behind a name of our own the whole authority must agree. On loopback a foreign name that
  // resolves to us (DNS rebinding) must not pass.
  return !from.peer.loopback && !from.host.empty() && lower(from.host) == authority;
}

} // namespace troupe::gateway
