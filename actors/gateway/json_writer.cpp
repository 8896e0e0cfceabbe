#include "actors/gateway/json_writer.hpp"

namespace troupe::gateway {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

unsigned byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

/// Length that the lead byte announces; 0 when it cannot begin a sequence.
std::size_t announced_length(unsigned lead) {
  if (lead < 0x80)
    return 1;
  if (lead >= 0xC2 && lead <= 0xDF)
    return 2;
  if (lead >= 0xE0 && lead <= 0xEF)
    return 3;
  if (lead >= 0xF0 && lead <= 0xF4)
    return 4;
  return 0;
}

/// The second byte's range is narrower after E0, ED, F0 and F4 (no overlong forms, no surrogates,
/// nothing above U+10FFFF). Source: Unicode 15, table 3-7.
bool second_byte_allowed(unsigned lead, unsigned second) {
  switch (lead) {
  case 0xE0:
    return second >= 0xA0 && second <= 0xBF;
  case 0xED:
    return second >= 0x80 && second <= 0x9F;
  case 0xF0:
    return second >= 0x90 && second <= 0xBF;
  case 0xF4:
    return second >= 0x80 && second <= 0x8F;
  default:
    return second >= 0x80 && second <= 0xBF;
  }
}

/// Length of the valid sequence at `at`, or 0.
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const auto lead = byte_at(text, at);
  const auto length = announced_length(lead);
  if (length < 2 || at + length > text.size())
    return length == 1 ? 1 : 0;
  if (!second_byte_allowed(lead, byte_at(text, at + 1)))
    return 0;
  for (std::size_t i = 2; i < length; ++i)
    if ((byte_at(text, at + i) & 0xC0u) != 0x80u)
      return 0;
  return length;
}

bool is_plain(unsigned byte) {
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

void append_escape(std::string& out, unsigned byte) {
  static constexpr std::string_view hex = "0123456789abcdef";
  switch (byte) {
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
    out += hex[byte >> 4];
    out += hex[byte & 0xF];
  }
}

} // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t at = 0;
  while (at < text.size()) {
    auto end = at;
    while (end < text.size() && is_plain(byte_at(text, end)))
      ++end;
    out.append(text, at, end - at);
    at = end;
    if (at == text.size())
      break;
    const auto byte = byte_at(text, at);
    if (byte < 0x80) {
      append_escape(out, byte);
      ++at;
    } else if (const auto length = sequence_length(text, at); length > 0) {
      out.append(text, at, length);
      at += length;
    } else {
      out += replacement;
      ++at;
    }
  }
  out += '"';
}

std::size_t whole_utf8_prefix(std::string_view text) {
  // An unfinished sequence is at most 3 bytes long.
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const auto at = text.size() - back;
    const auto byte = byte_at(text, at);
    if ((byte & 0xC0u) == 0x80u)
      continue;
    return announced_length(byte) > back ? at : text.size();
  }
  return text.size();
}

std::string_view cut_utf8(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max)
    return text;
  const auto cut = text.substr(0, bytes_max);
  return cut.substr(0, whole_utf8_prefix(cut));
}

json_writer& json_writer::open(char bracket) {
  separate();
  out_ += bracket;
  comma_ = false;
  return *this;
}

json_writer& json_writer::close(char bracket) {
  out_ += bracket;
  comma_ = true;
  return *this;
}

void json_writer::separate() {
  if (comma_)
    out_ += ',';
  comma_ = true;
}

json_writer& json_writer::key(std::string_view name) {
  separate();
  append_json_string(out_, name);
  out_ += ':';
  comma_ = false;
  return *this;
}

json_writer& json_writer::value(std::string_view text) {
  separate();
  append_json_string(out_, text);
  return *this;
}

json_writer& json_writer::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

} // namespace troupe::gateway
