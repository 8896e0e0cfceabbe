#include "config/json5/unicode.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace troupe::config::json5 {
namespace {

struct code_point_range {
  char32_t first;
  char32_t last;
};

#include "config/json5/unicode_ranges.inc"

template <std::size_t N>
bool contains(const code_point_range (&ranges)[N], char32_t point) {
  const auto* after = std::upper_bound(
      std::begin(ranges), std::end(ranges), point,
      [](char32_t wanted, const code_point_range& range) { return wanted < range.first; });
  return after != std::begin(ranges) && point <= std::prev(after)->last;
}

bool is_ascii_letter(char32_t point) {
  return (point >= U'a' && point <= U'z') || (point >= U'A' && point <= U'Z');
}

/// The smallest code point that needs so many bytes: anything below it is an overlong form.
constexpr char32_t smallest_of_length[] = {0, 0, 0x80, 0x800, 0x10000};

unsigned sequence_length(unsigned char first) {
  if (first < 0x80)
    return 1;
  if (first >= 0xc2 && first <= 0xdf)
    return 2;
  if (first >= 0xe0 && first <= 0xef)
    return 3;
  if (first >= 0xf0 && first <= 0xf4)
    return 4;
  return 0;
}

/// What could end the line or turn the text around it.
bool is_hidden(char32_t point) {
  return point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0x200b && point <= 0x200f) ||
         (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
         point == 0xfeff;
}

} // namespace

decoded decode_utf8(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const unsigned length = sequence_length(first);
  if (length == 1)
    return {first, 1};
  if (length == 0 || text.size() < length)
    return {};
  char32_t point = first & (0x7fu >> length);
  for (unsigned i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80)
      return {};
    point = (point << 6) | (next & 0x3fu);
  }
  const bool surrogate = point >= 0xd800 && point <= 0xdfff;
  if (point < smallest_of_length[length] || surrogate || point > 0x10ffff)
    return {};
  return {point, length};
}

void append_utf8(std::string& out, char32_t point) {
  const auto tail = [point](unsigned shift) {
    return static_cast<char>(0x80u | ((point >> shift) & 0x3fu));
  };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xc0u | (point >> 6));
    out += tail(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xe0u | (point >> 12));
    out += tail(6);
    out += tail(0);
  } else {
    out += static_cast<char>(0xf0u | (point >> 18));
    out += tail(12);
    out += tail(6);
    out += tail(0);
  }
}

std::string printable(std::string_view text, std::size_t bytes_max) {
  std::string out;
  while (!text.empty()) {
    if (out.size() >= bytes_max)
      return out + "…";
    const auto next = decode_utf8(text);
    if (next.bytes == 0)
      out += "\xef\xbf\xbd";
    else if (is_hidden(next.point))
      out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(next.point));
    else
      out += text.substr(0, next.bytes);
    text.remove_prefix(std::max(next.bytes, 1u));
  }
  return out;
}

bool is_white_space(char32_t point) {
  if (point == U' ' || (point >= 0x09 && point <= 0x0c && point != 0x0a))
    return true;
  return point == 0xa0 || point == 0xfeff || point == 0x1680 ||
         (point >= 0x2000 && point <= 0x200a) || point == 0x202f || point == 0x205f ||
         point == 0x3000;
}

bool is_line_terminator(char32_t point) {
  return point == U'\n' || point == U'\r' || point == 0x2028 || point == 0x2029;
}

bool is_identifier_start(char32_t point) {
  if (point < 0x80)
    return is_ascii_letter(point) || point == U'$' || point == U'_';
  return contains(identifier_start_ranges, point);
}

bool is_identifier_part(char32_t point) {
  if (point < 0x80)
    return is_identifier_start(point) || (point >= U'0' && point <= U'9');
  return contains(identifier_start_ranges, point) || contains(identifier_part_ranges, point);
}

} // namespace troupe::config::json5
