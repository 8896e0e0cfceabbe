#include "config/json5/reader.hpp"

#include "config/json5/number.hpp"
#include "config/json5/scanner.hpp"
#include "config/json5/unicode.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <limits>

namespace troupe::config::json5 {
namespace {

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

/// The grammar. Every `read_…` returns false after it has noted the first failure; nothing is read
/// after that.
class parser : private scanner {
public:
  parser(std::string_view text, const read_options& options) : scanner(text), options_(options) {}

  std::variant<document, syntax_error> run() {
    document out;
    if (skip_space() && read_value(out.value, out.where, options_.depth_used) && skip_space() &&
        (point() == end_of_text ||
         fail("expected the end of the text after the value, found " + shown(point()))))
      return out;
    return failure();
  }

private:
  bool read_value(boost::json::value& out, places& where, unsigned depth) {
    where = {here(), here(), options_.file, {}};
    switch (point()) {
    case U'{':
    case U'[':
      if (depth >= depth_max)
        return fail(fmt::format("nested deeper than {} levels", depth_max));
      return point() == U'{' ? read_object(out, where, depth + 1)
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
    const auto start = here();
    for (const char expected : word)
      if (!take(static_cast<unsigned char>(expected)))
        return fail_at(start, fmt::format("expected \"{}\"", word));
    return true;
  }

  bool read_object(boost::json::value& out, places& where, unsigned depth) {
    const auto start = here();
    auto& object = out.emplace_object();
    advance();
    while (skip_space()) {
      if (take(U'}'))
        return true;
      if (point() == end_of_text)
        break;
      if (!read_member(object, where, depth) || !skip_space())
        return false;
      if (!take(U',') && point() != U'}' && point() != end_of_text)
        return fail("expected ',' or '}' after a member, found " + shown(point()));
    }
    return fail_at(start, "this object is never closed: expected }");
  }

  bool read_member(boost::json::object& object, places& where, unsigned depth) {
    const auto key_at = here();
    std::string key;
    if (!read_key(key))
      return false;
    if (const auto earlier = object.find(key); earlier != object.end()) {
      const auto& first = where.children[static_cast<std::size_t>(earlier - object.begin())].key;
      return fail_at(key_at, fmt::format("duplicate key \"{}\"; the first one is at {}:{}",
                                         printable(key), first.line, first.column));
    }
    if (!skip_space())
      return false;
    if (!take(U':'))
      return fail("expected ':' after a key, found " + shown(point()));
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
    const auto start = here();
    auto& array = out.emplace_array();
    advance();
    while (skip_space()) {
      if (take(U']'))
        return true;
      if (point() == end_of_text)
        break;
      boost::json::value value;
      if (!read_value(value, where.children.emplace_back(), depth) || !skip_space())
        return false;
      array.push_back(std::move(value));
      if (!take(U',') && point() != U']' && point() != end_of_text)
        return fail("expected ',' or ']' after an element, found " + shown(point()));
    }
    return fail_at(start, "this array is never closed: expected ]");
  }

  bool read_key(std::string& key) {
    if (point() == U'"' || point() == U'\'')
      return read_string(key);
    while (true) {
      const auto start = here();
      char32_t next = point();
      const bool escaped = next == U'\\';
      if (escaped) {
        advance();
        if (!take(U'u'))
          return fail_at(start, "only \\u escapes are allowed in an unquoted key");
        std::uint32_t unit = 0;
        if (!read_hex(4, unit))
          return false;
        next = unit;
      }
      if (next == end_of_text ||
          !(key.empty() ? is_identifier_start(next) : is_identifier_part(next))) {
        if (escaped || key.empty())
          return fail_at(start, "expected a key, found " + shown(next));
        return true;
      }
      append_utf8(key, next);
      if (!escaped)
        advance();
    }
  }

  bool read_string(std::string& out) {
    const auto start = here();
    const char32_t quote = point();
    advance();
    while (!take(quote)) {
      if (point() == end_of_text)
        return fail_at(start, "this string is never closed");
      if (point() == U'\n' || point() == U'\r')
        return fail("a string may not contain a line end; write \\n, or \\ before the line end");
      if (point() == U'\\') {
        if (!read_escape(out))
          return false;
      } else {
        out.append(raw());
        advance();
      }
    }
    return !failed();
  }

  bool read_escape(std::string& out) {
    const auto start = here();
    advance();
    if (point() == end_of_text)
      return fail("the text ends within an escape");
    if (is_line_terminator(point())) {
      const bool carriage_return = point() == U'\r';
      advance();
      if (carriage_return)
        take(U'\n');
      return true;
    }
    if (point() >= U'1' && point() <= U'9')
      return fail_at(start, "a backslash before a digit is not an escape");
    const auto kind = point();
    const auto plain = raw();
    advance();
    switch (kind) {
    case U'0':
      if (is_digit(point()))
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
    const auto known = plain.size() == 1 ? letters.find(plain.front()) : std::string_view::npos;
    if (known != std::string_view::npos)
      out += meanings[known];
    else
      out.append(plain);
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
      const int digit = hex_digit(point());
      if (digit < 0)
        return fail("expected a hexadecimal digit, found " + shown(point()));
      out = out * 16 + static_cast<std::uint32_t>(digit);
      advance();
    }
    return true;
  }

  bool read_number(boost::json::value& out) {
    const auto start = here();
    const bool negative = point() == U'-';
    const bool has_sign = negative || point() == U'+';
    if (has_sign)
      advance();
    if (point() == U'I' || point() == U'N') {
      const bool infinity = point() == U'I';
      using limits = std::numeric_limits<double>;
      const double value = infinity ? limits::infinity() : limits::quiet_NaN();
      out = negative ? -value : value;
      return read_word(infinity ? "Infinity" : "NaN");
    }
    if (!is_digit(point()) && point() != U'.')
      return fail_at(start, has_sign ? "expected a number after the sign, found " + shown(point())
                                     : "expected a value, found " + shown(point()));
    const auto from = offset();
    if (!skip_numeral(start))
      return false;
    out = number_from(text_from(from), negative);
    return true;
  }

  bool skip_numeral(position start) {
    bool any = take(U'0');
    if (any && (take(U'x') || take(U'X')))
      return skip_hex_digits();
    if (any && is_digit(point()))
      return fail_at(start, "a number may not begin with 0 and another digit");
    any = skip_digits() || any;
    if (take(U'.'))
      any = skip_digits() || any;
    if (!any)
      return fail("expected a digit, found " + shown(point()));
    if (take(U'e') || take(U'E')) {
      if (!take(U'+'))
        take(U'-');
      if (!skip_digits())
        return fail("expected a digit in the exponent, found " + shown(point()));
    }
    return true;
  }

  bool skip_hex_digits() {
    std::uint32_t first = 0;
    if (!read_hex(1, first))
      return false;
    while (hex_digit(point()) >= 0)
      advance();
    return true;
  }

  bool skip_digits() {
    if (!is_digit(point()))
      return false;
    while (is_digit(point()))
      advance();
    return true;
  }

  const read_options options_;
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
