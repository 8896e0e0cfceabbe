#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Code points, as far as the JSON5 grammar needs them.
namespace troupe::config::json5 {

/// One decoded code point and how many bytes it took; `bytes` is 0 when the input is not UTF-8.
struct decoded {
  char32_t point = 0;
  unsigned bytes = 0;
};

/// Strict UTF-8: overlong forms, surrogates and values above U+10FFFF are refused.
/// `text` must not be empty.
decoded decode_utf8(std::string_view text);

/// `point` must be a scalar value (no surrogate, at most U+10FFFF).
void append_utf8(std::string& out, char32_t point);

/// `text` for a message on one line: control characters, line ends and direction marks as \\uXXXX,
/// what is not UTF-8 as U+FFFD, and cut after `bytes_max` bytes.
std::string printable(std::string_view text, std::size_t bytes_max = 200);

/// Source: JSON5 1.0.0, section 8 (white space); line terminators are separate.
bool is_white_space(char32_t point);
/// LF, CR, U+2028, U+2029.
bool is_line_terminator(char32_t point);
/// Source: ECMAScript 5.1, section 7.6, without the `\u` escape.
bool is_identifier_start(char32_t point);
bool is_identifier_part(char32_t point);

} // namespace troupe::config::json5
