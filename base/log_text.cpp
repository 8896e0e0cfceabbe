#include "base/log_text.hpp"

#include <fmt/format.h>

#include <array>
#include <iterator>

namespace troupe::log {
namespace {

constexpr std::string_view ellipsis = "…";

struct character {
  char32_t code = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

/// The first character of a text that is not empty.
character first_of(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80)
    return {lead, 1, true};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  static constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes)
    return {};
  auto code = static_cast<char32_t>(lead & (0x7fu >> bytes));
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0u) != 0x80u)
      return {};
    code = code << 6 | (next & 0x3fu);
  }
  if (code < least[bytes] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
    return {};
  return {code, bytes, true};
}

/// Controls, line separators, and marks that change the direction or are not seen.
bool is_unseen(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad || code == 0x61c ||
         (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

/// As much as fits into `bytes_max` without half a character at the end.
std::string_view beginning(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max)
    return text;
  auto end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80u)
    --end;
  return text.substr(0, end);
}

} // namespace

std::string message_text(std::string_view text) {
  std::string out;
  const auto shown = beginning(text, log_field_bytes_max);
  out.reserve(shown.size() + 8);
  for (std::size_t at = 0; at < shown.size();) {
    const auto next = first_of(shown.substr(at));
    if (!next.valid)
      out += "\\ufffd";
    else if (is_unseen(next.code))
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(next.code));
    else if (next.code == '"' || next.code == '\\')
      (out += '\\') += static_cast<char>(next.code);
    else
      out += shown.substr(at, next.bytes);
    at += next.bytes;
  }
  if (shown.size() < text.size())
    out += ellipsis;
  return out;
}

std::string outside(std::string_view text) {
  std::string out{beginning(text, outside_bytes_max)};
  if (out.size() < text.size())
    out += ellipsis;
  return out;
}

} // namespace troupe::log
