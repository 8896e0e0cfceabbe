#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Checks parameters against declarations and says what is wrong in the words clients know from
/// the protocol (protocol.md section 1, "Bad params").
namespace troupe::gateway {

enum class json_kind : std::uint8_t {
  any,
  string,
  integer,
  number,
  boolean,
  object,
  array,
  nullable_string
};

/// One property. Bounds mean characters of a string, the value of a number, items of an array.
struct field {
  std::string_view name;
  json_kind kind = json_kind::any;
  bool required = false;
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  std::span<const std::string_view> choices{}; ///< For strings.
  std::span<const field> members{};            ///< For objects; empty: not looked into.
  json_kind items = json_kind::any;            ///< For arrays.
};

/// Whether a property that is not declared is an error.
enum class unknown_properties { refused, tolerated };

/// Everything wrong with `value`, in the order: first missing property, unexpected properties,
/// wrong values. Empty: nothing.
std::vector<std::string> check(const boost::json::object& value, std::span<const field> fields,
                               unknown_properties unknown);

/// "D1; D2", at most five.
std::string join_findings(const std::vector<std::string>& findings);

// What a checked object holds; the default when the property is absent or null.
std::string_view text_of(const boost::json::object& from, std::string_view name);
std::int64_t integer_of(const boost::json::object& from, std::string_view name,
                        std::int64_t otherwise);
bool flag_of(const boost::json::object& from, std::string_view name);

} // namespace troupe::gateway
