#pragma once

#include "persistence/journal/write_batch.hpp"
#include "persistence/tables/chunked_text.hpp"
#include "persistence/tables/conversation_tables.hpp"

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

/// Takes the long texts out of the rows of one batch, so that it stays within its bound whatever
/// the texts are: `batch_text_bytes_max` bytes of text stay in the rows, what is more goes into
/// chunks that are to be committed first.
class text_packer {
public:
  explicit text_packer(const tables::digest& conversation) : conversation_(conversation) {}

  /// `row` as it is stored; `row` itself keeps its texts. What is in chunks already stays there.
  tables::message_row pack(tables::message_row& row);
  void pack(tables::input_row& row);

  /// Batches of chunks, none empty, well below a batch's bound. Called once, at the end.
  std::vector<write_batch> take() { return std::move(batches_); }

private:
  /// What of `text` stays in the row.
  std::string pack(std::string_view text, tables::chunk_refs& chunks, std::size_t head_bytes_max);
  void put(const tables::text_piece& piece);

  tables::digest conversation_;
  std::size_t inline_bytes_ = 0; ///< Text that stayed in its rows.
  std::set<tables::digest> written_;
  std::vector<write_batch> batches_;
};

} // namespace troupe
