#include "persistence/journal/lmdb_journal.hpp"

#include "base/assert.hpp"
#include "persistence/journal/frame.hpp"
#include "persistence/journal/group_fields.hpp"
#include "persistence/journal/key_range.hpp"
#include "persistence/journal/lmdb_rows.hpp"
#include "persistence/journal/lmdb_store.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <variant>

namespace troupe {
namespace {

constexpr std::string_view identity_key = "identity";
constexpr std::string_view probe_key = "probe";
/// What a small transaction writes, for the question whether the disk has room for it.
constexpr std::size_t small_write_bytes = 64u << 10;
/// Framing of one staged thing, for the size of a turn.
constexpr std::size_t staged_overhead_bytes = 32;
/// The free list is counted only where it matters and not at every turn: it has to be walked.
constexpr unsigned free_list_counted_from_permille = 500;
constexpr unsigned free_list_counted_every_turns = 64;

struct staged_vote {
  shard_id group;
  group_vote vote;
};

struct staged_append {
  shard_id group;
  std::uint64_t first_index = 0;
  std::vector<journal_entry> entries;
};

struct staged_truncate {
  shard_id group;
  journal_snapshot_point point;
  std::uint64_t keep_from = 0;
};

using staged = std::variant<staged_vote, staged_append, staged_truncate>;

/// How far the rows of one group are: what readers see, and what is on disk.
struct progress {
  std::uint64_t applied = 0;
  std::uint64_t flushed = 0;
};

class lmdb_journal final : public journal {
public:
  lmdb_journal(directory_lock lock, lmdb_store store, const lmdb_journal_options& options)
      : lock_(std::move(lock)), store_(std::move(store)), rows_(store_.env(), store_.in().rows),
        storage_(*options.storage), directory_(options.directory) {}

  result<void> start();

  result<std::optional<store_identity>> identity() const override;
  result<void> write_identity(const store_identity& identity) override;
  result<journal_group> load(shard_id group) override;

  void stage_vote(shard_id group, std::uint64_t term, std::uint64_t voted_for) override;
  void stage_append(shard_id group, std::uint64_t first_index,
                    std::vector<journal_entry> entries) override;
  void stage_truncate(shard_id group, const journal_snapshot_point& point,
                      std::uint64_t keep_from) override;
  void apply(shard_id group, std::uint64_t index, const write_batch& batch) override;

  std::size_t staged_bytes() const override { return staged_bytes_; }
  bool must_sync() const override { return !staged_.empty(); }
  std::uint64_t flushed_index(shard_id group) const override;

  result<void> commit_turn() override;
  void discard_staged() override;
  result<void> probe() override;

  const row_store& rows() const override { return rows_; }
  unsigned used_permille() const override;

private:
  result<void> write_group_field(lmdb::transaction& within, shard_id group, group_field field,
                                 const std::string& record) const;
  result<void> write_staged(lmdb::transaction& within) const;
  result<void> write_append(lmdb::transaction& within, const staged_append& append) const;
  result<void> write_truncate(lmdb::transaction& within, const staged_truncate& truncate) const;
  result<void> write_rows(lmdb::transaction& within) const;
  result<void> erase_log(lmdb::transaction& within, shard_id group, std::uint64_t from,
                         std::uint64_t end) const;
  result<void> load_entries(const lmdb::transaction& reading, shard_id group,
                            journal_group& out) const;
  bool anything_staged() const;
  void count_map_use();

  directory_lock lock_;
  lmdb_store store_;
  lmdb_rows rows_;
  const disk& storage_;
  const std::string directory_;

  // Touched by the raft loop only.
  std::vector<staged> staged_;
  std::map<shard_id, progress> progress_;
  std::size_t staged_bytes_ = 0;
  unsigned turns_since_count_ = free_list_counted_every_turns;
  std::size_t free_pages_ = 0;

  std::atomic<unsigned> map_used_permille_{0};
};

result<void> lmdb_journal::start() {
  TR_TRY(const auto reading, lmdb::transaction::begin(store_.env(), lmdb::access::read));
  TR_TRY(auto at, lmdb::cursor::open(reading, store_.in().groups));
  TR_TRY(bool found, at.first());
  for (; found;) {
    const auto key = at.key();
    if (key.size() == 3 && key[2] == static_cast<char>(group_field::applied)) {
      TR_TRY(const auto record, unframe(store_database::groups, key, at.value()));
      TR_TRY(const auto index, decode_number(record));
      progress_[shard_id{read_u16(key)}] = {index, index};
    }
    TR_TRY(found, at.next());
  }
  count_map_use();
  return boost::outcome_v2::success();
}

result<std::optional<store_identity>> lmdb_journal::identity() const {
  TR_TRY(const auto record, store_.read(store_database::store, identity_key));
  if (!record)
    return std::optional<store_identity>{};
  TR_TRY(auto decoded, decode_identity(*record));
  return std::optional{std::move(decoded)};
}

result<void> lmdb_journal::write_identity(const store_identity& identity) {
  return store_.write(small_write_bytes, [&](lmdb::transaction& within) {
    return put_framed(within, store_.in().store, store_database::store, identity_key, {},
                      encode_identity(identity));
  });
}

result<journal_group> lmdb_journal::load(shard_id group) {
  journal_group out;
  const auto read = [&](group_field field) {
    return store_.read(store_database::groups, group_key(group, field));
  };
  TR_TRY(const auto vote_record, read(group_field::vote));
  if (vote_record) {
    TR_TRY(const auto vote, decode_vote(*vote_record));
    out.term = vote.term;
    out.voted_for = vote.voted_for;
  }
  TR_TRY(const auto point_record, read(group_field::snapshot));
  if (point_record) {
    TR_TRY(out.snapshot, decode_snapshot_point(*point_record));
  }
  out.applied_index = flushed_index(group);
  TR_TRY(const auto reading, lmdb::transaction::begin(store_.env(), lmdb::access::read));
  TR_TRY(load_entries(reading, group, out));
  return out;
}

result<void> lmdb_journal::load_entries(const lmdb::transaction& reading, shard_id group,
                                        journal_group& out) const {
  const auto wrong = [&](std::string_view what) {
    return error{errc::corrupt,
                 "log of group " + std::to_string(group.value()) + ": " + std::string{what}};
  };
  const auto prefix = store_key(group, {});
  TR_TRY(auto at, lmdb::cursor::open(reading, store_.in().log));
  TR_TRY(bool found, at.seek(prefix));
  out.first_index = out.snapshot.index + 1;
  auto expected = out.first_index;
  while (found && at.key().starts_with(prefix)) {
    if (at.key().size() != log_key(group, 0).size())
      return wrong("a key of another length");
    const auto index = read_u64(at.key().substr(prefix.size()));
    if (out.entries.empty() && index <= out.snapshot.index + 1)
      out.first_index = expected = index;
    if (index != expected)
      return wrong("entry " + std::to_string(expected) + " is missing");
    TR_TRY(const auto payload, unframe(store_database::log, at.key(), at.value()));
    TR_TRY(auto entry, decode_entry(payload));
    out.entries.push_back(std::move(entry));
    ++expected;
    TR_TRY(found, at.next());
  }
  if (out.applied_index < out.snapshot.index ||
      out.applied_index > std::max(expected - 1, out.snapshot.index))
    return wrong("its rows are at entry " + std::to_string(out.applied_index));
  return boost::outcome_v2::success();
}

void lmdb_journal::stage_vote(shard_id group, std::uint64_t term, std::uint64_t voted_for) {
  staged_bytes_ += staged_overhead_bytes;
  staged_.emplace_back(staged_vote{group, {term, voted_for}});
}

void lmdb_journal::stage_append(shard_id group, std::uint64_t first_index,
                                std::vector<journal_entry> entries) {
  for (const auto& entry : entries)
    staged_bytes_ += entry.payload.size() + staged_overhead_bytes;
  staged_.emplace_back(staged_append{group, first_index, std::move(entries)});
}

void lmdb_journal::stage_truncate(shard_id group, const journal_snapshot_point& point,
                                  std::uint64_t keep_from) {
  TR_ASSERT(point.index <= flushed_index(group), "truncation beyond what the rows hold on disk");
  TR_ASSERT(keep_from <= point.index + 1, "truncation beyond its own point");
  staged_bytes_ += point.configuration.size() + staged_overhead_bytes;
  staged_.emplace_back(staged_truncate{group, point, keep_from});
}

void lmdb_journal::apply(shard_id group, std::uint64_t index, const write_batch& batch) {
  auto& at = progress_[group];
  TR_ASSERT(index == at.applied + 1, "entries are applied one after the other");
  at.applied = index;
  staged_bytes_ += staged_overhead_bytes;
  if (batch.empty())
    return;
  auto overlay = rows_.overlay();
  for (const auto& [key, value] : batch.writes()) {
    staged_bytes_ += key.size() + (value ? value->size() : 0) + staged_overhead_bytes;
    overlay = overlay.with({store_key(group, key), value});
  }
  rows_.show(std::move(overlay));
}

std::uint64_t lmdb_journal::flushed_index(shard_id group) const {
  const auto found = progress_.find(group);
  return found == progress_.end() ? 0 : found->second.flushed;
}

bool lmdb_journal::anything_staged() const {
  return !staged_.empty() || std::any_of(progress_.begin(), progress_.end(), [](const auto& group) {
    return group.second.applied != group.second.flushed;
  });
}

result<void> lmdb_journal::commit_turn() {
  if (!anything_staged())
    return boost::outcome_v2::success();
  TR_TRY(store_.write(staged_bytes_, [this](lmdb::transaction& within) -> result<void> {
    TR_TRY(write_staged(within));
    return write_rows(within);
  }));
  // From here on the turn is on disk; readers may look there.
  rows_.show({});
  staged_.clear();
  staged_bytes_ = 0;
  for (auto& [group, at] : progress_)
    at.flushed = at.applied;
  count_map_use();
  return boost::outcome_v2::success();
}

result<void> lmdb_journal::write_group_field(lmdb::transaction& within, shard_id group,
                                             group_field field, const std::string& record) const {
  return put_framed(within, store_.in().groups, store_database::groups, group_key(group, field), {},
                    record);
}

result<void> lmdb_journal::write_staged(lmdb::transaction& within) const {
  for (const auto& next : staged_) {
    if (const auto* vote = std::get_if<staged_vote>(&next)) {
      TR_TRY(write_group_field(within, vote->group, group_field::vote, encode_vote(vote->vote)));
    }
    if (const auto* append = std::get_if<staged_append>(&next)) {
      TR_TRY(write_append(within, *append));
    }
    if (const auto* truncate = std::get_if<staged_truncate>(&next)) {
      TR_TRY(write_truncate(within, *truncate));
    }
  }
  return boost::outcome_v2::success();
}

result<void> lmdb_journal::write_append(lmdb::transaction& within,
                                        const staged_append& append) const {
  TR_TRY(erase_log(within, append.group, append.first_index, UINT64_MAX));
  auto index = append.first_index;
  for (const auto& entry : append.entries) {
    TR_TRY(put_framed(within, store_.in().log, store_database::log, log_key(append.group, index++),
                      encode_entry_head(entry), entry.payload));
  }
  return boost::outcome_v2::success();
}

result<void> lmdb_journal::write_truncate(lmdb::transaction& within,
                                          const staged_truncate& truncate) const {
  TR_TRY(write_group_field(within, truncate.group, group_field::snapshot,
                           encode_snapshot_point(truncate.point)));
  return erase_log(within, truncate.group, 0, truncate.keep_from);
}

result<void> lmdb_journal::erase_log(lmdb::transaction& within, shard_id group, std::uint64_t from,
                                     std::uint64_t end) const {
  const auto prefix = store_key(group, {});
  const auto last = log_key(group, end);
  TR_TRY(auto at, lmdb::cursor::open(within, store_.in().log));
  TR_TRY(bool found, at.seek(log_key(group, from)));
  while (found && at.key().starts_with(prefix) && at.key() < last) {
    TR_TRY(at.erase());
    TR_TRY(found, at.next());
  }
  return boost::outcome_v2::success();
}

result<void> lmdb_journal::write_rows(lmdb::transaction& within) const {
  result<void> done = boost::outcome_v2::success();
  rows_.overlay().for_each([&](const row_tree::row& row) {
    if (!done)
      return;
    done = row.value
               ? put_framed(within, store_.in().rows, store_database::rows, row.key, {}, *row.value)
               : within.erase(store_.in().rows, row.key);
  });
  TR_TRY(done);
  for (const auto& [group, at] : progress_)
    if (at.applied != at.flushed) {
      TR_TRY(write_group_field(within, group, group_field::applied, encode_number(at.applied)));
    }
  return boost::outcome_v2::success();
}

void lmdb_journal::discard_staged() {
  staged_.clear();
  staged_bytes_ = 0;
  for (auto& [group, at] : progress_)
    at.applied = at.flushed;
  rows_.show({});
}

result<void> lmdb_journal::probe() {
  return store_.write(small_write_bytes, [this](lmdb::transaction& within) -> result<void> {
    TR_TRY(const auto previous, store_.read(store_database::store, probe_key));
    std::uint64_t count = 0;
    if (previous) {
      TR_TRY(count, decode_number(*previous));
    }
    return put_framed(within, store_.in().store, store_database::store, probe_key, {},
                      encode_number(count + 1));
  });
}

// LMDB's file never shrinks: pages that were freed count as room, else a store that was full once
// would be reported full for ever.
void lmdb_journal::count_map_use() {
  const auto pages = store_.env().map_bytes() / store_.env().page_bytes();
  const auto permille = [&](std::size_t used) {
    return static_cast<unsigned>(std::min<std::size_t>(1000, used * 1000 / pages));
  };
  const auto high_water = store_.env().pages_used();
  if (permille(high_water) >= free_list_counted_from_permille &&
      turns_since_count_++ >= free_list_counted_every_turns) {
    turns_since_count_ = 0;
    if (const auto reading = lmdb::transaction::begin(store_.env(), lmdb::access::read))
      if (const auto counted = reading.assume_value().free_pages())
        free_pages_ = counted.assume_value();
  }
  map_used_permille_.store(permille(high_water - std::min(high_water, free_pages_)),
                           std::memory_order_relaxed);
}

unsigned lmdb_journal::used_permille() const {
  const auto map_used = map_used_permille_.load(std::memory_order_relaxed);
  const auto space = storage_.space(directory_);
  if (!space || space.assume_value().total_bytes == 0)
    return map_used;
  const auto [total, free] = space.assume_value();
  const auto disk_used = 1000 - std::min<std::uint64_t>(1000, free * 1000 / total);
  return std::max(map_used, static_cast<unsigned>(disk_used));
}

} // namespace

result<std::unique_ptr<journal>> open_lmdb_journal(const lmdb_journal_options& options) {
  TR_TRY(make_directory(options.directory));
  TR_TRY(auto lock, directory_lock::take(options.directory));
  TR_TRY(auto store, lmdb_store::open(options.directory, options.map_bytes, *options.storage));
  auto opened = std::make_unique<lmdb_journal>(std::move(lock), std::move(store), options);
  TR_TRY(opened->start());
  return std::unique_ptr<journal>{std::move(opened)};
}

} // namespace troupe
