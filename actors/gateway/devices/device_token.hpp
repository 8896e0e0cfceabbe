#pragma once

#include "persistence/tables/device_tables.hpp"

#include <string>
#include <string_view>

/// Device tokens: derived, so that only their hashes are stored. Pure.
/// Format: docs/formats/tables.md, "The tables of devices".
namespace troupe::gateway {

inline constexpr std::size_t token_secret_bytes = 32;
inline constexpr std::size_t token_nonce_bytes = 16;

/// The text of the token; 43 characters.
std::string derive_token(std::string_view token_secret, std::string_view device_id,
                         std::string_view role, std::string_view nonce);

/// A token text as the rows know it. Comparing hashes takes a time that says nothing about the
/// text, because whoever guesses cannot choose the hash.
tables::full_digest token_hash(std::string_view token);

} // namespace troupe::gateway
