#include "base/checksum.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace troupe {

std::uint64_t key_hash(std::string_view key) {
  return XXH64(key.data(), key.size(), 0);
}

std::uint64_t checksum(std::string_view bytes, std::uint64_t seed) {
  return XXH64(bytes.data(), bytes.size(), seed);
}

} // namespace troupe
