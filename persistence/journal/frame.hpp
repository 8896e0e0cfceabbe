#pragma once

#include "base/result.hpp"
#include "persistence/lmdb/env.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// The checksum in front of every value of the store and the keys of its databases:
/// docs/formats/log.md.
namespace troupe {

/// The databases and their numbers, which seed the checksums. Never renumber.
enum class store_database : std::uint8_t { log = 1, rows = 2, groups = 3, store = 4 };

inline constexpr std::size_t frame_bytes = 8;

/// XXH64 over `payload`, seeded by the place it belongs to.
std::uint64_t frame_checksum(store_database place, std::string_view key, std::string_view payload);

/// The payload of a framed value: a view into `value`. Errors: `corrupt`.
result<std::string_view> unframe(store_database place, std::string_view key,
                                 std::string_view value);

/// Writes `payload` framed under `key`. `head` goes in front of `payload` without a copy of it.
result<void> put_framed(lmdb::transaction& within, MDB_dbi database, store_database place,
                        std::string_view key, std::string_view head, std::string_view payload);

/// Big-endian integers in keys and payloads.
void append_u16(std::string& to, std::uint16_t value);
void append_u64(std::string& to, std::uint64_t value);
/// `from` must be long enough.
std::uint16_t read_u16(std::string_view from);
std::uint64_t read_u64(std::string_view from);

} // namespace troupe
