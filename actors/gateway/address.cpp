#include "actors/gateway/address.hpp"

#include "base/text.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

namespace troupe::gateway {
namespace {

/// 16 bytes; IPv4 is mapped to ::ffff:a.b.c.d.
using address = std::array<unsigned char, 16>;
constexpr int mapped_bits = 96;
constexpr int address_bits = 128;
constexpr std::size_t text_max = 64;

std::optional<address> parse_address(std::string_view text) {
  if (text.empty() || text.size() > text_max)
    return std::nullopt;
  const std::string terminated{text};
  address out{};
  if (::inet_pton(AF_INET6, terminated.c_str(), out.data()) == 1)
    return out;
  in_addr four{};
  if (::inet_pton(AF_INET, terminated.c_str(), &four) != 1)
    return std::nullopt;
  out[10] = out[11] = 0xff;
  std::copy_n(reinterpret_cast<const unsigned char*>(&four), sizeof four, out.data() + 12);
  return out;
}

bool is_mapped(const address& of) {
  return std::all_of(of.begin(), of.begin() + 10, [](unsigned char b) { return b == 0; }) &&
         of[10] == 0xff && of[11] == 0xff;
}

bool same_prefix(const address& a, const address& b, int bits) {
  for (int i = 0; i < bits; i += 8) {
    const auto at = static_cast<std::size_t>(i / 8);
    const auto mask = bits - i >= 8 ? 0xff : 0xff << (8 - (bits - i));
    if (((a[at] ^ b[at]) & mask) != 0)
      return false;
  }
  return true;
}

bool in_range(const address& ip, std::string_view range) {
  const auto slash = range.find('/');
  const auto base = parse_address(range.substr(0, slash));
  if (!base)
    return false;
  int bits = address_bits;
  if (slash != std::string_view::npos) {
    const auto* end = range.data() + range.size();
    const auto parsed = std::from_chars(range.data() + slash + 1, end, bits);
    if (parsed.ec != std::errc{} || parsed.ptr != end || bits < 0)
      return false;
    const bool dotted = range.substr(0, slash).find(':') == std::string_view::npos;
    bits += dotted ? mapped_bits : 0;
    if (bits > address_bits)
      return false;
  }
  return same_prefix(ip, *base, bits);
}

/// The addresses that proxies noted, the nearest last.
std::vector<std::string_view> hops(const net::header_list& headers) {
  std::vector<std::string_view> out;
  for (const auto& [name, value] : headers) {
    if (name != "x-forwarded-for")
      continue;
    std::string_view rest = value;
    while (true) {
      const auto comma = rest.find(',');
      out.push_back(trimmed(rest.substr(0, comma), " \t"));
      if (comma == std::string_view::npos)
        break;
      rest.remove_prefix(comma + 1);
    }
  }
  return out;
}

} // namespace

bool in_ranges(std::string_view ip, std::span<const std::string> ranges) {
  const auto parsed = parse_address(ip);
  return parsed && std::ranges::any_of(
                       ranges, [&](const std::string& range) { return in_range(*parsed, range); });
}

std::string client_ip(const net::header_list& headers, const net::peer_address& peer,
                      std::span<const std::string> trusted_proxies) {
  if (!in_ranges(peer.ip, trusted_proxies))
    return peer.ip;
  const auto noted = hops(headers);
  for (auto hop = noted.rbegin(); hop != noted.rend(); ++hop) {
    if (!parse_address(*hop))
      return peer.ip;
    if (!in_ranges(*hop, trusted_proxies))
      return std::string{*hop};
  }
  return peer.ip;
}

std::string party_of(std::string_view ip) {
  auto parsed = parse_address(ip);
  if (!parsed || is_mapped(*parsed))
    return std::string{ip};
  std::fill(parsed->begin() + 8, parsed->end(), static_cast<unsigned char>(0));
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::inet_ntop(AF_INET6, parsed->data(), text.data(), text.size()) == nullptr)
    return std::string{ip};
  return std::string{text.data()} + "/64";
}

} // namespace troupe::gateway
