#include "persistence/tables/chunked_text.hpp"

#include "base/text.hpp"
#include "persistence/tables/record.hpp"

#include <algorithm>

namespace troupe::tables {
namespace {

constexpr unsigned chunk_version = 1;

/// The end of the last whole character within `bytes_max` bytes.
std::size_t head_end(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max)
    return text.size();
  auto end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
    --end;
  return end;
}

template <class Text>
std::uint64_t bytes_of_texts(const basic_message<Text>& row) {
  auto bytes = row.text.size() + row.text_chunks.bytes + row.reasoning.size() +
               row.reasoning_chunks.bytes + row.history.size() + row.history_chunks.bytes;
  for (const auto& call : row.calls)
    bytes += call.arguments.size() + call.arguments_chunks.bytes;
  return bytes;
}

} // namespace

split_text split(std::string_view text, std::size_t head_bytes_max) {
  split_text out;
  out.head = text.substr(0, head_end(text, head_bytes_max));
  text.remove_prefix(out.head.size());
  out.rest.bytes = text.size();
  while (!text.empty()) {
    const auto piece = text.substr(0, chunk_bytes_max);
    out.pieces.push_back({digest_of(piece), piece});
    out.rest.pieces.push_back(out.pieces.back().id);
    text.remove_prefix(piece.size());
  }
  return out;
}

std::string encode_chunk(std::string_view piece) {
  return record_writer{chunk_version}.add_bytes(piece).take();
}

result<std::string> decode_chunk(std::string_view value, const digest& id) {
  TR_TRY(auto in, record_reader::open(value, chunk_version));
  auto piece = in.read<std::string>();
  TR_TRY(in.finish("chunk " + to_hex(id)));
  if (piece.size() > chunk_bytes_max || digest_of(piece) != id)
    return error{errc::corrupt, "chunk " + to_hex(id) + ": holds another piece"};
  return piece;
}

result<std::string> join(std::string head, const chunk_refs& rest, const chunk_source& from,
                         std::size_t bytes_max) {
  auto out = std::move(head);
  if (rest.empty() || out.size() > bytes_max)
    return out;
  const auto whole = out.size() + rest.bytes;
  out.reserve(
      std::min<std::size_t>(whole, bytes_max < whole ? bytes_max + chunk_bytes_max : whole));
  for (const auto& id : rest.pieces) {
    if (out.size() > bytes_max)
      return out;
    TR_TRY(const auto value, from.rows.get(from.shard, chunk_key(from.conversation, id)));
    if (!value)
      return error{errc::corrupt, "chunk " + to_hex(id) + ": missing"};
    TR_TRY(const auto piece, decode_chunk(*value, id));
    out += piece;
  }
  if (out.size() != whole)
    return error{errc::corrupt, "a text of " + std::to_string(out.size()) + " bytes should have " +
                                    std::to_string(whole) + ", its last chunk is " +
                                    to_hex(rest.pieces.back())};
  return out;
}

result<void> join_texts(message_row& row, const chunk_source& from, std::size_t bytes_max) {
  TR_TRY(row.text, join(std::move(row.text), row.text_chunks, from, bytes_max));
  row.text_chunks = {};
  for (auto& call : row.calls) {
    TR_TRY(call.arguments, join(std::move(call.arguments), call.arguments_chunks, from, bytes_max));
    call.arguments_chunks = {};
  }
  TR_TRY(row.reasoning, join(std::move(row.reasoning), row.reasoning_chunks, from, bytes_max));
  row.reasoning_chunks = {};
  TR_TRY(row.history, join(std::move(row.history), row.history_chunks, from, bytes_max));
  row.history_chunks = {};
  return boost::outcome_v2::success();
}

result<void> join_texts(input_row& row, const chunk_source& from, std::size_t bytes_max) {
  TR_TRY(row.text, join(std::move(row.text), row.text_chunks, from, bytes_max));
  row.text_chunks = {};
  return boost::outcome_v2::success();
}

std::uint64_t text_bytes(const message_row& row) {
  return bytes_of_texts(row);
}

std::uint64_t text_bytes(const message_view& row) {
  return bytes_of_texts(row);
}

std::uint64_t text_bytes(const input_row& row) {
  return row.text.size() + row.text_chunks.bytes;
}

} // namespace troupe::tables
