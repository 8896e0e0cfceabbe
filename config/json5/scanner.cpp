#include "config/json5/scanner.hpp"

#include "config/json5/unicode.hpp"

#include <fmt/format.h>

namespace troupe::config::json5 {

std::string shown(char32_t point) {
  if (point == end_of_text)
    return "the end of the text";
  if (point > 0x20 && point < 0x7f)
    return fmt::format("'{}'", static_cast<char>(point));
  return fmt::format("U+{:04X}", static_cast<std::uint32_t>(point));
}

scanner::scanner(std::string_view text) : text_(text) {
  decode();
}

bool scanner::fail(std::string message) {
  return fail_at(here_, std::move(message));
}

bool scanner::fail_at(position where, std::string message) {
  if (!failed_)
    failure_ = {where, std::move(message)};
  failed_ = true;
  return false;
}

void scanner::decode() {
  if (offset_ == text_.size()) {
    point_ = end_of_text;
    bytes_ = 0;
    return;
  }
  const auto next = decode_utf8(text_.substr(offset_));
  if (next.bytes == 0)
    fail("the text is not valid UTF-8");
  point_ = next.bytes == 0 ? end_of_text : next.point;
  bytes_ = next.bytes;
}

void scanner::advance() {
  const bool line_ends =
      point_ == U'\n' || (point_ == U'\r' && !text_.substr(offset_ + 1).starts_with('\n'));
  offset_ += bytes_;
  if (line_ends)
    here_ = {here_.line + 1, 1};
  else
    ++here_.column;
  decode();
}

bool scanner::take(char32_t wanted) {
  if (point_ != wanted)
    return false;
  advance();
  return true;
}

bool scanner::skip_space() {
  while (!failed_) {
    if (point_ == U'/') {
      if (!skip_comment())
        return false;
    } else if (is_white_space(point_) || is_line_terminator(point_)) {
      advance();
    } else {
      return true;
    }
  }
  return false;
}

bool scanner::skip_comment() {
  const auto start = here_;
  advance();
  if (take(U'/')) {
    while (point_ != end_of_text && !is_line_terminator(point_))
      advance();
    return !failed_;
  }
  if (!take(U'*'))
    return fail_at(start, "expected a comment (// or /*) after '/'");
  while (point_ != end_of_text) {
    if (!take(U'*'))
      advance();
    else if (take(U'/'))
      return true;
  }
  return fail_at(start, "this comment is never closed: expected */");
}

} // namespace troupe::config::json5
