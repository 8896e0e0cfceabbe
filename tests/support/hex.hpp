#pragma once

#include <string>
#include <string_view>

namespace troupe::test {

/// Lower-case hex, for bytes in test output.
inline std::string hex(std::string_view bytes) {
  constexpr const char* digits = "0123456789abcdef";
  std::string out;
  for (const char byte : bytes) {
    out += digits[static_cast<unsigned char>(byte) >> 4];
    out += digits[static_cast<unsigned char>(byte) & 0xf];
  }
  return out;
}

} // namespace troupe::test
