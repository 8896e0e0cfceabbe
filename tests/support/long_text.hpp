#pragma once

#include <cstddef>
#include <string>

namespace troupe::test {

/// `bytes` of printable text whose 64 KiB pieces all differ from each other, and from those of
/// another `seed`.
inline std::string long_text(std::size_t bytes, unsigned seed = 0) {
  std::string out;
  out.reserve(bytes + 16);
  for (std::size_t word = 0; out.size() < bytes; ++word)
    out += "w" + std::to_string(seed) + "." + std::to_string(word) + " ";
  out.resize(bytes);
  return out;
}

} // namespace troupe::test
