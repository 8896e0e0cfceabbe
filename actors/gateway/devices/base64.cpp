#include "actors/gateway/devices/base64.hpp"

#include <cstdint>

namespace troupe::gateway {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// -1: not of either alphabet.
int value_of(char c) {
  if (c == '+')
    c = '-';
  if (c == '/')
    c = '_';
  const auto place = alphabet.find(c);
  return place == std::string_view::npos ? -1 : static_cast<int>(place);
}

} // namespace

std::string base64url(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (const char c : bytes) {
    held = (held << 8) | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6)
      out += alphabet[(held >> (bits - 6)) & 63];
  }
  if (bits > 0)
    out += alphabet[(held << (6 - bits)) & 63];
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  const auto whole = text.size();
  while (text.ends_with('=') && whole - text.size() < 2)
    text.remove_suffix(1);
  if ((whole != text.size() && whole % 4 != 0) || text.size() % 4 == 1)
    return std::nullopt;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const int value = value_of(c);
    if (value < 0)
      return std::nullopt;
    held = (held << 6) | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>((held >> bits) & 0xff);
    }
  }
  if ((held & ((1u << bits) - 1)) != 0)
    return std::nullopt;
  return out;
}

} // namespace troupe::gateway
