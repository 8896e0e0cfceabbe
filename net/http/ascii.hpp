#pragma once

#include <algorithm>
#include <string_view>

/// HTTP's words in whatever case they come. Beast's own `iequals` reads a byte beyond the end of
/// both texts when they differ in case (Boost 1.81), so it is not used on what clients send.
namespace troupe::net {

constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, ascii_lower, ascii_lower);
}

} // namespace troupe::net
