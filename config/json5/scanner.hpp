#pragma once

#include "config/json5/reader.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::config::json5 {

/// What `scanner::point` says behind the last code point, and after a failure to decode.
inline constexpr char32_t end_of_text = 0xffff'ffff;

/// For messages: printable ASCII as it is, the rest by number.
std::string shown(char32_t point);

/// Walks a text once, one code point of look-ahead, and knows the line and column. Keeps the first
/// failure; after it, nothing that was read counts. Borrows the text.
class scanner {
public:
  explicit scanner(std::string_view text);

  char32_t point() const { return point_; }
  position here() const { return here_; }
  /// The bytes of `point`.
  std::string_view raw() const { return text_.substr(offset_, bytes_); }
  std::size_t offset() const { return offset_; }
  std::string_view text_from(std::size_t begin) const {
    return text_.substr(begin, offset_ - begin);
  }

  void advance();
  /// Advances if `wanted` is next.
  bool take(char32_t wanted);
  /// Skips white space, line ends and comments; false after a failure.
  bool skip_space();

  /// Both return false, so that a caller can pass it on.
  bool fail(std::string message);
  bool fail_at(position where, std::string message);
  bool failed() const { return failed_; }
  const syntax_error& failure() const { return failure_; }

private:
  void decode();
  bool skip_comment();

  const std::string_view text_;
  std::size_t offset_ = 0;
  position here_{1, 1};
  char32_t point_ = end_of_text; ///< At `offset_`.
  unsigned bytes_ = 0;           ///< Of `point_`.
  bool failed_ = false;
  syntax_error failure_;
};

} // namespace troupe::config::json5
