#include "actors/conversation/conversation_logic.hpp"
#include "actors/conversation/limits.hpp"
#include "actors/conversation/scan_rows.hpp"
#include "base/random.hpp"

#include <fmt/format.h>

#include <set>
#include <utility>

/// The session as a whole: made, reset, released, erased, and rid of what nobody refers to.
namespace troupe {
namespace {

/// Bytes of erased keys per batch, well below a batch's bound.
constexpr std::size_t erase_bytes_per_batch = 128u << 10;

/// Erased keys, cut into batches. The last batch has the last keys.
class erasures {
public:
  void add(std::string_view key) {
    if (batches_.empty() || batches_.back().encoded_bytes() > erase_bytes_per_batch)
      batches_.emplace_back();
    batches_.back().erase(std::string{key});
  }
  std::vector<write_batch> take() { return std::move(batches_); }

private:
  std::vector<write_batch> batches_;
};

void claim(std::set<tables::digest>& claimed, const tables::chunk_refs& refs) {
  claimed.insert(refs.pieces.begin(), refs.pieces.end());
}

result<void> check_name(std::string_view text) {
  if (text.size() > name_bytes_max)
    return error{errc::invalid_argument,
                 fmt::format("a label, model or parent key has at most {} bytes", name_bytes_max)};
  return boost::outcome_v2::success();
}

} // namespace

error conversation_logic::busy_error() const {
  return {errc::unavailable,
          fmt::format("Session {} has an active run; retry after it finishes.", row_.key)};
}

result<conversation_logic::decision> conversation_logic::create(const create_session& wanted,
                                                                wall_ms now) {
  for (const auto* name : {&wanted.label, &wanted.model, &wanted.parent_key}) {
    TR_TRY(check_name(*name));
  }
  decision out;
  const bool changed = !exists_ || (!wanted.label.empty() && wanted.label != row_.label) ||
                       (!wanted.model.empty() && wanted.model != row_.model);
  if (!changed)
    return out;
  ensure_exists(now);
  if (!wanted.label.empty())
    row_.label = wanted.label;
  if (!wanted.model.empty())
    row_.model = wanted.model;
  if (!wanted.parent_key.empty())
    row_.parent_key = wanted.parent_key;
  write_row(out.batch, now);
  return out;
}

result<conversation_logic::decision> conversation_logic::reset(const boot_facts& facts,
                                                               wall_ms now) {
  if (!may_reset())
    return busy_error();
  decision out;
  text_packer texts{id_};
  ensure_exists(now);
  begin_session();
  begin_next(out, texts, facts, now);
  write_row(out, texts, now);
  return out;
}

void conversation_logic::begin_session() {
  row_.session_id = random_uuid();
  row_.history_from = row_.message_seq + 1;
  row_.input_tokens = row_.output_tokens = row_.context_tokens = 0;
  row_.aborted_last_run = false;
  row_.last_run.clear();
  row_.last_status.clear();
  row_.quarantine.clear();
}

result<conversation_logic::decision> conversation_logic::patch(const patch_session& wanted,
                                                               wall_ms now) {
  TR_TRY(check_name(wanted.label.value_or("")));
  TR_TRY(check_name(wanted.model.value_or("")));
  if (!wanted.expected_session_id.empty() && wanted.expected_session_id != row_.session_id)
    return error{errc::invalid_argument,
                 fmt::format("Session {} changed since it was looked at.", row_.key)};
  decision out;
  const auto existed = exists_;
  ensure_exists(now);
  auto next = row_;
  next.label = wanted.label.value_or(row_.label);
  next.model = wanted.model.value_or(row_.model);
  const auto since = [&](const std::optional<bool>& set, wall_ms before) {
    return !set ? before : !*set ? 0 : before > 0 ? before : stamp_.next(now);
  };
  next.archived_at = since(wanted.archived, row_.archived_at);
  next.pinned_at = since(wanted.pinned, row_.pinned_at);
  const auto read_too_late = wanted.unread && !*wanted.unread && wanted.expected_marked_unread_at &&
                             *wanted.expected_marked_unread_at != row_.marked_unread_at;
  if (!read_too_late) {
    next.marked_unread_at = since(wanted.unread, row_.marked_unread_at);
    if (wanted.unread && !*wanted.unread)
      next.last_read_at = stamp_.next(now);
  }
  // Marks are for whoever lists the sessions: they don't make one newer than another.
  const auto renewed = !existed || next.label != row_.label || next.model != row_.model;
  const auto same = existed && tables::encode(next) == tables::encode(row_);
  row_ = std::move(next);
  if (renewed)
    write_row(out.batch, now);
  else if (!same)
    out.batch.put(tables::conversation_key(id_), tables::encode(row_));
  return out;
}

result<conversation_logic::compaction> conversation_logic::compact(const row_snapshot& rows,
                                                                   shard_id shard,
                                                                   std::uint64_t lines_max,
                                                                   wall_ms now) {
  if (active_ || !queue_.empty())
    return busy_error();
  compaction out;
  out.told.kept = row_.message_seq + 1 - row_.history_from;
  // To summarise what is left out takes a model, which is not built: said, and nothing is lost.
  if (lines_max == 0 && out.told.kept > 0) {
    out.told.reason = "Summarising is not supported by this gateway yet; give maxLines to keep the "
                      "newest messages";
    return out;
  }
  if (out.told.kept <= lines_max) {
    out.told.reason = "Nothing to compact (session too small)";
    return out;
  }
  // A prompt begins with what a user said: a turn is kept whole or not at all.
  std::uint64_t first = 0;
  result<void> outcome = boost::outcome_v2::success();
  const auto cut = row_.message_seq + 1 - lines_max;
  TR_TRY(rows.scan(shard, tables::message_prefix(id_), tables::message_key(id_, cut),
                   scan_order::ascending, [&](std::string_view, std::string_view value) {
                     const auto message = tables::decode_message(value);
                     if (!message)
                       outcome = message.error();
                     else if (message.value().role == tables::message_role::user)
                       first = message.value().seq;
                     return message && first == 0 ? scan_step::more : scan_step::stop;
                   }));
  TR_TRY(std::move(outcome));
  if (first == 0) {
    out.told.reason = fmt::format("The last turn alone has more than {} messages", lines_max);
    return out;
  }
  row_.history_from = first;
  row_.context_tokens = 0; // Not known before the next call.
  out.told.compacted = true;
  out.told.kept = row_.message_seq + 1 - first;
  write_row(out.batch, now);
  return out;
}

result<std::vector<write_batch>> conversation_logic::erase(const row_snapshot& rows,
                                                           shard_id shard) {
  if (active_ || !queue_.empty())
    return busy_error();
  erasures erased;
  const auto erase_row = [&](std::string_view key, std::string_view) -> result<void> {
    erased.add(key);
    return boost::outcome_v2::success();
  };
  TR_TRY(scan_rows(rows, shard, tables::message_prefix(id_), erase_row));
  TR_TRY(scan_rows(rows, shard, tables::chunk_prefix(id_), erase_row));
  if (std::exchange(unclaimed_, false))
    erased.add(tables::unclaimed_key(id_));
  if (std::exchange(busy_written_, false))
    erased.add(tables::busy_key(id_));
  if (exists_)
    erased.add(tables::conversation_key(id_));
  if (row_.expires_at != 0)
    erased.add(tables::ephemeral_key(row_.expires_at, id_));
  tables::conversation_row blank;
  blank.key = row_.key;
  blank.agent_id = row_.agent_id;
  row_ = std::move(blank);
  exists_ = false;
  return erased.take();
}

result<conversation_logic::decision> conversation_logic::release(const boot_facts& facts,
                                                                 wall_ms now) {
  if (row_.quarantine.empty())
    return error{errc::invalid_argument, fmt::format("session {} is not quarantined", row_.key)};
  decision out;
  text_packer texts{id_};
  row_.quarantine.clear();
  begin_next(out, texts, facts, now);
  write_row(out, texts, now);
  return out;
}

write_batch conversation_logic::announce_sweep() const {
  write_batch batch;
  batch.put(tables::unclaimed_key(id_), row_.key);
  return batch;
}

result<std::vector<write_batch>> conversation_logic::sweep(const row_snapshot& rows,
                                                           shard_id shard) {
  std::set<tables::digest> claimed;
  TR_TRY(scan_rows(rows, shard, tables::message_prefix(id_),
                   [&](std::string_view, std::string_view value) -> result<void> {
                     TR_TRY(const auto message, tables::decode_message(value));
                     claim(claimed, message.text_chunks);
                     for (const auto& call : message.calls)
                       claim(claimed, call.arguments_chunks);
                     claim(claimed, message.reasoning_chunks);
                     claim(claimed, message.history_chunks);
                     return boost::outcome_v2::success();
                   }));
  TR_TRY(scan_rows(rows, shard, tables::input_prefix(id_),
                   [&](std::string_view, std::string_view value) -> result<void> {
                     TR_TRY(const auto input, tables::decode_input(value));
                     claim(claimed, input.text_chunks);
                     return boost::outcome_v2::success();
                   }));
  erasures erased;
  TR_TRY(scan_rows(rows, shard, tables::chunk_prefix(id_),
                   [&](std::string_view key, std::string_view) -> result<void> {
                     TR_TRY(const auto piece, tables::chunk_of_key(key));
                     if (!claimed.contains(piece))
                       erased.add(key);
                     return boost::outcome_v2::success();
                   }));
  unclaimed_ = false;
  erased.add(tables::unclaimed_key(id_));
  auto batches = erased.take();
  write_busy(batches.back());
  return batches;
}

} // namespace troupe
