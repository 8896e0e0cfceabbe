#pragma once

#include "persistence/journal/row_store.hpp"
#include "persistence/tables/conversation_tables.hpp"

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

/// Texts that are too long for a row: cut into content-addressed pieces, and joined again. Format:
/// docs/formats/tables.md, "Long texts".
namespace troupe::tables {

inline constexpr std::size_t chunk_bytes_max = 64u << 10;
/// What a row keeps of a chunked text, for lists.
inline constexpr std::size_t text_head_bytes_max = 1u << 10;
/// A reader refuses more, before it takes memory for them.
inline constexpr std::size_t chunks_per_text_max = 4096;

struct text_piece {
  digest id{};
  std::string_view bytes; ///< Into the text that was split.
};
struct split_text {
  std::string head; ///< At most `head_bytes_max`, cut between characters.
  chunk_refs rest;
  std::vector<text_piece> pieces; ///< One per reference, in order; equal ones repeat.
};
/// head + pieces = `text`, byte for byte. `text` outlives the pieces.
split_text split(std::string_view text, std::size_t head_bytes_max);

/// A chunk row's value, and back. Errors: `corrupt`, also when the piece is not that of `id`.
std::string encode_chunk(std::string_view piece);
result<std::string> decode_chunk(std::string_view value, const digest& id);

/// Where the chunks of a conversation's rows are. Short-lived, like its snapshot.
struct chunk_source {
  const row_snapshot& rows;
  shard_id shard;
  digest conversation{};
};

inline constexpr std::size_t whole_text = std::numeric_limits<std::size_t>::max();

/// Head and pieces together. A text of more than `bytes_max` bytes comes as its beginning, which is
/// then itself longer than `bytes_max`. Errors: `corrupt`, naming the chunk that is missing or
/// wrong.
result<std::string> join(std::string head, const chunk_refs& rest, const chunk_source& from,
                         std::size_t bytes_max = whole_text);

/// Makes the row's texts whole, each as `join` says; the references are gone afterwards.
result<void> join_texts(message_row& row, const chunk_source& from,
                        std::size_t bytes_max = whole_text);
result<void> join_texts(input_row& row, const chunk_source& from,
                        std::size_t bytes_max = whole_text);

/// Bytes of all texts of the row, also of those that are in chunks.
std::uint64_t text_bytes(const message_row& row);
std::uint64_t text_bytes(const message_view& row);
std::uint64_t text_bytes(const input_row& row);

} // namespace troupe::tables
