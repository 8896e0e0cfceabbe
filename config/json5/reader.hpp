#pragma once

#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// A JSON5 reader (JSON5 1.0.0, the whole grammar) that also remembers where everything stands.
/// Stricter than the standard where a config must not be ambiguous: the text must be UTF-8,
/// duplicate keys and lone surrogate escapes are refused.
/// Pure; any thread.
namespace troupe::config::json5 {

inline constexpr unsigned depth_max = 64;
inline constexpr std::size_t text_bytes_max = 4u << 20;

/// Both count from 1; a column is a code point; CR LF is one line end. 0: unknown.
struct position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  friend bool operator==(const position&, const position&) = default;
};

/// The places of one value and of all below it. `children[i]` belongs to the i-th element of an
/// array, or the i-th member of an object in document order, which boost::json keeps.
struct places {
  position key;           ///< Of a member's name; otherwise the same as `value`.
  position value;         ///< Where the value begins.
  std::uint16_t file = 0; ///< Which file, for configs that include others.
  std::vector<places> children;
};

struct document {
  boost::json::value value;
  places where;
};

struct syntax_error {
  position where;
  std::string message; ///< What is wrong and what was expected, without the position.
};

struct read_options {
  std::uint16_t file = 0;  ///< Copied into every `places`.
  unsigned depth_used = 0; ///< Containers already open around this text.
};

/// Integers that fit become int64 or uint64, every other number the nearest double (which may be
/// infinite or NaN, as JSON5 allows). Cost: one pass; about 60 bytes per value besides the value.
std::variant<document, syntax_error> read(std::string_view text, const read_options& options = {});

} // namespace troupe::config::json5
