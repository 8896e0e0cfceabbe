#pragma once

#include <cstdint>
#include <string_view>

namespace troupe {

/// XXH64, seed 0. Places keys on shards (docs/formats/tables.md): never change it.
std::uint64_t key_hash(std::string_view key);

/// The checksum of every record and log entry: XXH64 with seed `seed`.
std::uint64_t checksum(std::string_view bytes, std::uint64_t seed = 0);

} // namespace troupe
