#include "config/json5/number.hpp"

#include <charconv>
#include <cstdint>
#include <limits>

namespace troupe::config::json5 {
namespace {

boost::json::value signed_integer(std::uint64_t magnitude, bool negative) {
  constexpr auto int64_max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!negative) {
    if (magnitude <= int64_max)
      return static_cast<std::int64_t>(magnitude);
    return magnitude;
  }
  // Minus zero is a value of its own in JSON5.
  if (magnitude == 0)
    return -0.0;
  if (magnitude <= int64_max + 1)
    return static_cast<std::int64_t>(0 - magnitude);
  return -static_cast<double>(magnitude);
}

/// Whether a decimal that no double can hold is too large rather than too small: the decimal
/// exponent of its first significant digit decides, and it is hundreds away from the boundary.
bool is_huge(std::string_view numeral) {
  std::int64_t exponent = 0;
  if (const auto e = numeral.find_first_of("eE"); e != std::string_view::npos) {
    auto digits = numeral.substr(e + 1);
    if (digits.front() == '+')
      digits.remove_prefix(1);
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (parsed.ec != std::errc{})
      return digits.front() != '-';
    numeral = numeral.substr(0, e);
  }
  const auto significant = numeral.find_first_not_of("0.");
  if (significant == std::string_view::npos)
    return false;
  const auto point = numeral.find('.');
  const auto places =
      static_cast<std::int64_t>(point == std::string_view::npos ? numeral.size() : point) -
      static_cast<std::int64_t>(significant);
  return exponent + places > 0;
}

double decimal(std::string_view numeral) {
  double value = 0;
  const auto parsed = std::from_chars(numeral.data(), numeral.data() + numeral.size(), value);
  if (parsed.ec == std::errc::result_out_of_range)
    return is_huge(numeral) ? std::numeric_limits<double>::infinity() : 0.0;
  return value;
}

} // namespace

boost::json::value number_from(std::string_view numeral, bool negative) {
  const bool hex = numeral.starts_with("0x") || numeral.starts_with("0X");
  const auto digits = hex ? numeral.substr(2) : numeral;
  if (hex || digits.find_first_of(".eE") == std::string_view::npos) {
    std::uint64_t magnitude = 0;
    const auto parsed =
        std::from_chars(digits.data(), digits.data() + digits.size(), magnitude, hex ? 16 : 10);
    if (parsed.ec == std::errc{})
      return signed_integer(magnitude, negative);
  }
  double value = 0;
  if (hex) {
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value,
                                        std::chars_format::hex);
    if (parsed.ec == std::errc::result_out_of_range)
      value = std::numeric_limits<double>::infinity();
  } else {
    value = decimal(numeral);
  }
  return negative ? -value : value;
}

} // namespace troupe::config::json5
