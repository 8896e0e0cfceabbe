#include "actors/conversation/limits.hpp"
#include "actors/conversation/paired_messages.hpp"
#include "actors/conversation/prompt.hpp"
#include "persistence/tables/chunked_text.hpp"

#include <algorithm>
#include <utility>

/// What was said before a model call, read from rows.
namespace troupe {
namespace {

using tables::message_role;
using tables::message_row;
using tables::message_view;

constexpr std::size_t bytes_per_token = 4;
constexpr std::size_t transcript_bytes_min = 16u << 10;

std::size_t size_of(const message_view& row) {
  auto bytes = tables::text_bytes(row) + 64;
  for (const auto& call : row.calls)
    bytes += call.name.size();
  return bytes;
}

/// A row that may go into a prompt. Views into the snapshot.
struct seen_row {
  message_view view;
  std::string_view bytes;
  bool in_chunks() const {
    return !view.text_chunks.empty() || !view.reasoning_chunks.empty() ||
           !view.history_chunks.empty() || std::ranges::any_of(view.calls, [](const auto& call) {
             return !call.arguments_chunks.empty();
           });
  }
};

/// What `read_transcript` wants, newest first.
result<std::vector<seen_row>> newest_first(const row_snapshot& rows, shard_id shard,
                                           const tables::conversation_row& row,
                                           std::size_t bytes_max, std::uint64_t run_from) {
  std::vector<seen_row> found;
  std::size_t bytes = 0;
  result<void> outcome = boost::outcome_v2::success();
  const auto prefix = tables::message_prefix(tables::digest_of(row.key));
  TR_TRY(rows.scan(shard, prefix, {}, scan_order::descending,
                   [&](std::string_view, std::string_view value) {
                     auto seen = tables::view_message(value);
                     if (!seen) {
                       outcome = seen.error();
                       return scan_step::stop;
                     }
                     const auto& message = seen.value();
                     if (message.seq < row.history_from)
                       return scan_step::stop;
                     if (message.context_free)
                       return scan_step::more;
                     bytes += size_of(message);
                     const bool full = bytes > bytes_max || found.size() == prompt_messages_max;
                     const bool kept = found.empty() || message.seq >= run_from;
                     if (full && !kept)
                       return scan_step::stop;
                     found.push_back({std::move(seen.value()), value});
                     return scan_step::more;
                   }));
  TR_TRY(std::move(outcome));
  return found;
}

/// Sorts messages, oldest first, into those of earlier turns and those of the run.
class transcript_builder {
public:
  transcript_builder(const prompt_inputs& inputs, std::size_t messages) : earlier_(inputs) {
    earlier_.reserve(messages);
  }
  template <class Text>
  result<void> add_earlier(const tables::basic_message<Text>& row) {
    if (!row.history.empty()) {
      TR_TRY(earlier_.add_history(row.history));
    }
    earlier_.add(row);
    return boost::outcome_v2::success();
  }
  /// A message of the run. Results at its beginning answer what an earlier turn asked its caller.
  result<void> add_own(message_row row) {
    const auto history = std::exchange(row.history, {});
    if (!history.empty()) {
      TR_TRY(earlier_.add_history(history));
    }
    if (out_.of_run.empty() && row.role == message_role::tool_result)
      earlier_.add(row);
    else
      out_.of_run.push_back(std::move(row));
    return boost::outcome_v2::success();
  }
  transcript take() {
    out_.notes = earlier_.take_notes();
    out_.earlier = std::make_shared<const std::vector<model::prompt_message>>(earlier_.take());
    return std::move(out_);
  }

private:
  paired_messages earlier_;
  transcript out_;
};

} // namespace

std::size_t transcript_bytes_max(const config::model_settings& model) {
  const std::size_t window = model.context_window;
  const std::size_t answer = std::min<std::size_t>(model.max_tokens, window / 2);
  return std::max(transcript_bytes_min, (window - answer) * bytes_per_token * 3 / 4);
}

result<transcript> read_transcript(const row_snapshot& rows, shard_id shard,
                                   const tables::conversation_row& row, const prompt_inputs& inputs,
                                   std::size_t bytes_max, std::uint64_t run_from) {
  const auto id = tables::digest_of(row.key);
  TR_TRY(auto found, newest_first(rows, shard, row, bytes_max, run_from));
  // A prompt begins with what a user said; what was cut off in the middle of a turn goes whole.
  const auto first = std::find_if(found.rbegin(), found.rend(), [](const seen_row& seen) {
    return seen.view.role == message_role::user || !seen.view.history.empty() ||
           !seen.view.history_chunks.empty();
  });
  if (first != found.rend())
    found.resize(static_cast<std::size_t>(found.rend() - first));
  transcript_builder out{inputs, found.size()};
  for (auto seen = found.rbegin(); seen != found.rend(); ++seen) {
    const bool of_run = seen->view.seq >= run_from;
    if (!of_run && !seen->in_chunks()) {
      TR_TRY(out.add_earlier(seen->view));
      continue;
    }
    TR_TRY(auto message, tables::decode_message(seen->bytes));
    TR_TRY(tables::join_texts(message, {rows, shard, id}));
    if (of_run) {
      TR_TRY(out.add_own(std::move(message)));
    } else {
      TR_TRY(out.add_earlier(message));
    }
  }
  return out.take();
}

result<transcript> transcript_of_run(const prompt_inputs& inputs,
                                     std::vector<message_row> messages) {
  transcript_builder out{inputs, messages.size()};
  for (auto& message : messages) {
    TR_TRY(out.add_own(std::move(message)));
  }
  return out.take();
}

} // namespace troupe
