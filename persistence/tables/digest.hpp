#pragma once

#include <array>
#include <string_view>

/// SHA-256 as row keys and ids have it.
namespace troupe::tables {

/// First 16 bytes of SHA-256. Used for conversation keys and run ids in row keys.
using digest = std::array<unsigned char, 16>;
/// A whole one, of a device's raw public key or of a token.
using full_digest = std::array<unsigned char, 32>;

digest digest_of(std::string_view text);
full_digest full_digest_of(std::string_view bytes);

/// The bytes as a row key's component.
template <std::size_t size>
std::string_view raw(const std::array<unsigned char, size>& part) {
  return {reinterpret_cast<const char*>(part.data()), part.size()};
}

} // namespace troupe::tables
