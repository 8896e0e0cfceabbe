#include "net/frames/json_text.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace troupe::net::frames {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

std::uint8_t byte_at(std::string_view text, std::size_t i) {
  return static_cast<std::uint8_t>(text[i]);
}

/// What may follow a lead byte: how many bytes the sequence has and the range of its second byte
/// (Unicode 15, table 3-7). Length 0: not a lead byte.
struct lead_rule {
  std::size_t bytes = 0;
  std::uint8_t second_min = 0x80;
  std::uint8_t second_max = 0xBF;
};

lead_rule rule_for(std::uint8_t lead) {
  if (lead >= 0xC2 && lead <= 0xDF)
    return {2};
  if (lead >= 0xE0 && lead <= 0xEF)
    return {3, lead == 0xE0 ? std::uint8_t{0xA0} : std::uint8_t{0x80},
            lead == 0xED ? std::uint8_t{0x9F} : std::uint8_t{0xBF}};
  if (lead >= 0xF0 && lead <= 0xF4)
    return {4, lead == 0xF0 ? std::uint8_t{0x90} : std::uint8_t{0x80},
            lead == 0xF4 ? std::uint8_t{0x8F} : std::uint8_t{0xBF}};
  return {};
}

/// A sequence or the longest broken beginning of one.
struct piece {
  std::size_t bytes = 0;
  bool whole = false;
};

piece first_piece(std::string_view text) {
  const auto lead = byte_at(text, 0);
  if (lead < 0x80)
    return {1, true};
  const auto rule = rule_for(lead);
  if (rule.bytes == 0)
    return {1, false};
  std::size_t seen = 1;
  while (seen < rule.bytes && seen < text.size()) {
    const auto next = byte_at(text, seen);
    const auto low = seen == 1 ? rule.second_min : std::uint8_t{0x80};
    const auto high = seen == 1 ? rule.second_max : std::uint8_t{0xBF};
    if (next < low || next > high)
      break;
    ++seen;
  }
  return {seen, seen == rule.bytes};
}

constexpr std::array<bool, 256> make_plain_table() {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x80; ++c)
    plain[c] = c != '"' && c != '\\';
  return plain;
}
constexpr auto is_plain = make_plain_table();

constexpr std::uint64_t in_each_byte(std::uint8_t value) {
  return 0x0101010101010101u * value;
}

/// Where the plain characters from `at` on end. Looks at eight at a time: prompts are long.
std::size_t plain_end(std::string_view text, std::size_t at) {
  constexpr auto high = in_each_byte(0x80);
  const auto has_below = [](std::uint64_t word, std::uint8_t limit) {
    return (word - in_each_byte(limit)) & ~word & high;
  };
  for (std::uint64_t word = 0; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    const auto special = (word & high) | has_below(word, 0x20) |
                         has_below(word ^ in_each_byte('"'), 1) |
                         has_below(word ^ in_each_byte('\\'), 1);
    if (special != 0)
      break;
  }
  while (at < text.size() && is_plain[byte_at(text, at)])
    ++at;
  return at;
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  const auto code = static_cast<std::uint8_t>(c);
  switch (c) {
  case '"':
    out += "\\\"";
    return;
  case '\\':
    out += "\\\\";
    return;
  case '\n':
    out += "\\n";
    return;
  case '\r':
    out += "\\r";
    return;
  case '\t':
    out += "\\t";
    return;
  default:
    out += "\\u00";
    out += hex[code >> 4];
    out += hex[code & 15];
  }
}

} // namespace

std::size_t utf8_sequence_bytes(std::string_view text) {
  if (text.empty())
    return 0;
  const auto first = first_piece(text);
  return first.whole ? first.bytes : 0;
}

std::size_t whole_utf8_prefix(std::string_view text) {
  constexpr std::size_t unfinished_bytes_max = 3;
  for (std::size_t back = 1; back <= unfinished_bytes_max && back <= text.size(); ++back) {
    const auto at = text.size() - back;
    if ((byte_at(text, at) & 0xC0u) == 0x80u)
      continue;
    return rule_for(byte_at(text, at)).bytes > back ? at : text.size();
  }
  return text.size();
}

std::string_view cut_utf8(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max)
    return text;
  const auto cut = text.substr(0, bytes_max);
  return cut.substr(0, whole_utf8_prefix(cut));
}

void append_json_string(std::string& out, std::string_view text) {
  out.reserve(out.size() + text.size() + 2);
  out += '"';
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = plain_end(text, at);
    out.append(text, at, end - at);
    at = end;
    if (at == text.size())
      break;
    if (byte_at(text, at) < 0x80) {
      append_escaped(out, text[at++]);
      continue;
    }
    const auto next = first_piece(text.substr(at));
    out += next.whole ? text.substr(at, next.bytes) : replacement;
    at += next.bytes;
  }
  out += '"';
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string close_reason(std::string_view reason) {
  std::string out;
  while (!reason.empty()) {
    const auto next = first_piece(reason);
    const auto shown = next.whole ? reason.substr(0, next.bytes) : replacement;
    if (out.size() + shown.size() > close_reason_bytes_max)
      break;
    out += shown;
    reason.remove_prefix(next.bytes);
  }
  return out;
}

} // namespace troupe::net::frames
