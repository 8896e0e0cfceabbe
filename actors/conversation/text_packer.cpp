#include "actors/conversation/text_packer.hpp"

#include "actors/conversation/limits.hpp"

namespace troupe {
namespace {

/// A batch with this much takes no further piece: at most three full ones.
constexpr std::size_t chunk_batch_full_bytes = 130u << 10;
static_assert(chunk_batch_full_bytes + tables::chunk_bytes_max + 4096 <=
              write_batch::encoded_bytes_max);

} // namespace

tables::message_row text_packer::pack(tables::message_row& row) {
  // The long texts are not copied only to be cut.
  auto text = std::exchange(row.text, {});
  auto reasoning = std::exchange(row.reasoning, {});
  auto history = std::exchange(row.history, {});
  std::vector<std::string> arguments;
  for (auto& call : row.calls)
    arguments.push_back(std::exchange(call.arguments, {}));
  auto stored = row;
  stored.text = pack(text, stored.text_chunks, tables::text_head_bytes_max);
  row.text = std::move(text);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    stored.calls[i].arguments = pack(arguments[i], stored.calls[i].arguments_chunks, 0);
    row.calls[i].arguments = std::move(arguments[i]);
  }
  stored.reasoning = pack(reasoning, stored.reasoning_chunks, 0);
  row.reasoning = std::move(reasoning);
  stored.history = pack(history, stored.history_chunks, 0);
  row.history = std::move(history);
  return stored;
}

void text_packer::pack(tables::input_row& row) {
  row.text = pack(row.text, row.text_chunks, tables::text_head_bytes_max);
}

std::string text_packer::pack(std::string_view text, tables::chunk_refs& chunks,
                              std::size_t head_bytes_max) {
  const bool fits = inline_bytes_ + text.size() <= batch_text_bytes_max;
  if (!chunks.empty() || fits || text.size() <= always_inline_bytes_max) {
    inline_bytes_ += text.size();
    return std::string{text};
  }
  auto split = tables::split(text, head_bytes_max);
  for (const auto& piece : split.pieces)
    put(piece);
  chunks = std::move(split.rest);
  inline_bytes_ += split.head.size();
  return std::move(split.head);
}

void text_packer::put(const tables::text_piece& piece) {
  if (!written_.insert(piece.id).second)
    return;
  if (batches_.empty() || batches_.back().encoded_bytes() > chunk_batch_full_bytes)
    batches_.emplace_back();
  batches_.back().put(tables::chunk_key(conversation_, piece.id),
                      tables::encode_chunk(piece.bytes));
}

} // namespace troupe
