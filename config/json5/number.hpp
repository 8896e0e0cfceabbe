#pragma once

#include <boost/json/value.hpp>

#include <string_view>

namespace troupe::config::json5 {

/// The value of a numeral that the grammar has already accepted, without its sign: decimal digits
/// with optional point and exponent, or `0x` and hex digits.
/// An integer that fits in 64 bits stays exact; everything else is the nearest double, and what is
/// too large for one is infinity, as in ECMAScript.
boost::json::value number_from(std::string_view numeral, bool negative);

} // namespace troupe::config::json5
