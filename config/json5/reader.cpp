#include "config/json5/reader.hpp"

#include "config/json5/number.hpp"
#include "config/json5/unicode.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <limits>

namespace troupe::config::json5 {
namespace {

constexpr char32_t end_of_text = 0xffff'ffff;

bool is_digit(char32_t point) {
  return point >= U'0' && point <= U'9';
}

int hex_digit(char32_t point) {
  if (is_digit(point))
    return static_cast<int>(point - U'0');
  if (point >= U'a' && point <= U'f')
    return static_cast<int>(point - U'a') + 10;
  if (point >= U'A' && point <= U'F')
    return static_cast<int>(point - U'A') + 10;
  return -1;
}

/// For error messages: printable ASCII as it is, the rest by number.
std::string shown(char32_t point) {
  if (point == end_of_text)
    return "the end of the text";
  if (point > 0x20 && point < 0x7f)
    return fmt::format("'{}'", static_cast<char>(point));
  return fmt::format("U+{:04X}", static_cast<std::uint32_t>(point));
}

/// One pass, one code point of look-ahead. Every `read_…` returns false after it has noted the
/// first failure; nothing is read after that.
class parser {
public:
  parser(std::string_view text, const read_options& options) : text_(text), options_(options) {
    decode();
  }

  std::variant<document, syntax_error> run() {
    document out;
    if (skip_space() && read_value(out.value, out.where, options_.depth_used) && skip_space() &&
        (point_ == end_of_text ||
         fail("expected the end of the text after the value, found " + shown(point_))))
      return out;
    return failure_;
  }

private:
  bool fail(std::string message) { return fail_at(here_, std::move(message)); }

  bool fail_at(position where, std::string message) {
    if (!failed_)
      failure_ = {where, std::move(message)};
    failed_ = true;
    return false;
  }

  /// Looks at the code point at `offset_`.
  void decode() {
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

  void advance() {
    const bool line_ends =
        point_ == U'\n' || (point_ == U'\r' && !text_.substr(offset_ + 1).starts_with('\n'));
    offset_ += bytes_;
    if (line_ends)
      here_ = {here_.line + 1, 1};
    else
      ++here_.column;
    decode();
  }

  bool take(char32_t wanted) {
    if (point_ != wanted)
      return false;
    advance();
    return true;
  }

  /// White space, line ends and comments.
  bool skip_space() {
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

  bool skip_comment() {
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

  bool read_value(boost::json::value& out, places& where, unsigned depth) {
    where = {here_, here_, options_.file, {}};
    switch (point_) {
    case U'{':
    case U'[':
      if (depth >= depth_max)
        return fail(fmt::format("nested deeper than {} levels", depth_max));
      return point_ == U'{' ? read_object(out, where, depth + 1)
                            : read_array(out, where, depth + 1);
    case U'"':
    case U'\'': {
      std::string text;
      if (!read_string(text))
        return false;
      out = boost::json::string(text);
      return true;
    }
    case U'n':
      out = nullptr;
      return read_word("null");
    case U't':
      out = true;
      return read_word("true");
    case U'f':
      out = false;
      return read_word("false");
    default:
      return read_number(out);
    }
  }

  bool read_word(std::string_view word) {
    const auto start = here_;
    for (const char expected : word)
      if (!take(static_cast<unsigned char>(expected)))
        return fail_at(start, fmt::format("expected \"{}\"", word));
    return true;
  }

  bool read_object(boost::json::value& out, places& where, unsigned depth) {
    const auto start = here_;
    auto& object = out.emplace_object();
    advance();
    while (skip_space()) {
      if (take(U'}'))
        return true;
      if (point_ == end_of_text)
        break;
      if (!read_member(object, where, depth) || !skip_space())
        return false;
      if (!take(U',') && point_ != U'}' && point_ != end_of_text)
        return fail("expected ',' or '}' after a member, found " + shown(point_));
    }
    return fail_at(start, "this object is never closed: expected }");
  }

  bool read_member(boost::json::object& object, places& where, unsigned depth) {
    const auto key_at = here_;
    std::string key;
    if (!read_key(key))
      return false;
    if (const auto earlier = object.find(key); earlier != object.end()) {
      const auto& first = where.children[static_cast<std::size_t>(earlier - object.begin())].key;
      return fail_at(key_at, fmt::format("duplicate key \"{}\"; the first one is at {}:{}", key,
                                         first.line, first.column));
    }
    if (!skip_space())
      return false;
    if (!take(U':'))
      return fail("expected ':' after a key, found " + shown(point_));
    if (!skip_space())
      return false;
    boost::json::value value;
    auto& place = where.children.emplace_back();
    if (!read_value(value, place, depth))
      return false;
    place.key = key_at;
    object.emplace(key, std::move(value));
    return true;
  }

  bool read_array(boost::json::value& out, places& where, unsigned depth) {
    const auto start = here_;
    auto& array = out.emplace_array();
    advance();
    while (skip_space()) {
      if (take(U']'))
        return true;
      if (point_ == end_of_text)
        break;
      boost::json::value value;
      if (!read_value(value, where.children.emplace_back(), depth) || !skip_space())
        return false;
      array.push_back(std::move(value));
      if (!take(U',') && point_ != U']' && point_ != end_of_text)
        return fail("expected ',' or ']' after an element, found " + shown(point_));
    }
    return fail_at(start, "this array is never closed: expected ]");
  }

  bool read_key(std::string& key) {
    if (point_ == U'"' || point_ == U'\'')
      return read_string(key);
    while (true) {
      const auto start = here_;
      char32_t point = point_;
      const bool escaped = point == U'\\';
      if (escaped) {
        advance();
        if (!take(U'u'))
          return fail_at(start, "only \\u escapes are allowed in an unquoted key");
        std::uint32_t unit = 0;
        if (!read_hex(4, unit))
          return false;
        point = unit;
      }
      if (point == end_of_text ||
          !(key.empty() ? is_identifier_start(point) : is_identifier_part(point))) {
        if (escaped || key.empty())
          return fail_at(start, "expected a key, found " + shown(point));
        return true;
      }
      append_utf8(key, point);
      if (!escaped)
        advance();
    }
  }

  bool read_string(std::string& out) {
    const auto start = here_;
    const char32_t quote = point_;
    advance();
    while (!take(quote)) {
      if (point_ == end_of_text)
        return fail_at(start, "this string is never closed");
      if (point_ == U'\n' || point_ == U'\r')
        return fail("a string may not contain a line end; write \\n, or \\ before the line end");
      if (point_ == U'\\') {
        if (!read_escape(out))
          return false;
      } else {
        out.append(text_.substr(offset_, bytes_));
        advance();
      }
    }
    return !failed_;
  }

  bool read_escape(std::string& out) {
    const auto start = here_;
    advance();
    if (point_ == end_of_text)
      return fail("the text ends within an escape");
    if (is_line_terminator(point_)) {
      const bool carriage_return = point_ == U'\r';
      advance();
      if (carriage_return)
        take(U'\n');
      return true;
    }
    if (point_ >= U'1' && point_ <= U'9')
      return fail_at(start, "a backslash before a digit is not an escape");
    const auto kind = point_;
    const auto raw = text_.substr(offset_, bytes_);
    advance();
    switch (kind) {
    case U'0':
      if (is_digit(point_))
        return fail_at(start, "octal escapes are not allowed");
      out += '\0';
      return true;
    case U'x': {
      std::uint32_t unit = 0;
      if (!read_hex(2, unit))
        return false;
      append_utf8(out, unit);
      return true;
    }
    case U'u':
      return read_unicode_escape(out, start);
    default:
      break;
    }
    constexpr std::string_view letters = "bfnrtv";
    constexpr std::string_view meanings = "\b\f\n\r\t\v";
    const auto known = raw.size() == 1 ? letters.find(raw.front()) : std::string_view::npos;
    if (known != std::string_view::npos)
      out += meanings[known];
    else
      out.append(raw);
    return true;
  }

  /// After `\u`. Two escapes may form a surrogate pair; half a pair has no UTF-8 form.
  bool read_unicode_escape(std::string& out, position start) {
    std::uint32_t unit = 0;
    if (!read_hex(4, unit))
      return false;
    if (unit >= 0xd800 && unit <= 0xdbff) {
      std::uint32_t low = 0;
      if (!take(U'\\') || !take(U'u'))
        return fail_at(start, "a high surrogate escape needs a low one after it");
      if (!read_hex(4, low))
        return false;
      if (low < 0xdc00 || low > 0xdfff)
        return fail_at(start, "a high surrogate escape needs a low one after it");
      unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    } else if (unit >= 0xdc00 && unit <= 0xdfff) {
      return fail_at(start, "a low surrogate escape needs a high one before it");
    }
    append_utf8(out, unit);
    return true;
  }

  bool read_hex(int digits, std::uint32_t& out) {
    for (int i = 0; i < digits; ++i) {
      const int digit = hex_digit(point_);
      if (digit < 0)
        return fail("expected a hexadecimal digit, found " + shown(point_));
      out = out * 16 + static_cast<std::uint32_t>(digit);
      advance();
    }
    return true;
  }

  bool read_number(boost::json::value& out) {
    const auto start = here_;
    const bool negative = point_ == U'-';
    const bool has_sign = negative || point_ == U'+';
    if (has_sign)
      advance();
    if (point_ == U'I' || point_ == U'N') {
      const bool infinity = point_ == U'I';
      using limits = std::numeric_limits<double>;
      const double value = infinity ? limits::infinity() : limits::quiet_NaN();
      out = negative ? -value : value;
      return read_word(infinity ? "Infinity" : "NaN");
    }
    if (!is_digit(point_) && point_ != U'.')
      return fail_at(start, has_sign ? "expected a number after the sign, found " + shown(point_)
                                     : "expected a value, found " + shown(point_));
    const auto from = offset_;
    if (!skip_numeral(start))
      return false;
    out = number_from(text_.substr(from, offset_ - from), negative);
    return true;
  }

  bool skip_numeral(position start) {
    bool any = take(U'0');
    if (any && (take(U'x') || take(U'X')))
      return skip_hex_digits();
    if (any && is_digit(point_))
      return fail_at(start, "a number may not begin with 0 and another digit");
    any = skip_digits() || any;
    if (take(U'.'))
      any = skip_digits() || any;
    if (!any)
      return fail("expected a digit, found " + shown(point_));
    if (take(U'e') || take(U'E')) {
      if (!take(U'+'))
        take(U'-');
      if (!skip_digits())
        return fail("expected a digit in the exponent, found " + shown(point_));
    }
    return true;
  }

  bool skip_hex_digits() {
    std::uint32_t first = 0;
    if (!read_hex(1, first))
      return false;
    while (hex_digit(point_) >= 0)
      advance();
    return true;
  }

  bool skip_digits() {
    if (!is_digit(point_))
      return false;
    while (is_digit(point_))
      advance();
    return true;
  }

  const std::string_view text_;
  const read_options options_;
  std::size_t offset_ = 0;
  position here_{1, 1};
  char32_t point_ = end_of_text; ///< At `offset_`.
  unsigned bytes_ = 0;           ///< Of `point_`.
  bool failed_ = false;
  syntax_error failure_;
};

} // namespace

std::variant<document, syntax_error> read(std::string_view text, const read_options& options) {
  if (text.size() > text_bytes_max)
    return syntax_error{
        {1, 1},
        fmt::format("the text has {} bytes; at most {} are allowed", text.size(), text_bytes_max)};
  return parser(text, options).run();
}

} // namespace troupe::config::json5
