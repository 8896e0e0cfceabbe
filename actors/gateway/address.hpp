#pragma once

#include "net/http/server.hpp"

#include <span>
#include <string>
#include <string_view>

/// Internet addresses as far as trust and limits depend on them. Pure.
namespace troupe::gateway {

/// Whether `ip` is one of `ranges`: addresses, or ranges such as 10.0.0.0/8. An IPv4 address that
/// is mapped into IPv6 counts as IPv4. What is no address is in no range.
bool in_ranges(std::string_view ip, std::span<const std::string> ranges);

/// Who is on the other side of `peer`: the peer itself, or, when it is a trusted proxy, the last
/// address of X-Forwarded-For that is not one too. What an untrusted peer forwards is not believed.
std::string client_ip(const net::header_list& headers, const net::peer_address& peer,
                      std::span<const std::string> trusted_proxies);

/// What one party holds: an IPv4 address, or a /64 of IPv6, whose addresses cost nothing.
std::string party_of(std::string_view ip);

} // namespace troupe::gateway
