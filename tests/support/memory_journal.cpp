#include "tests/support/memory_journal.hpp"

#include "base/assert.hpp"
#include "persistence/journal/key_range.hpp"

#include <algorithm>

namespace troupe::test {
namespace {

constexpr std::size_t shard_bytes = sizeof(shard_id::rep);
constexpr std::size_t staged_overhead_bytes = 32;

class tree_snapshot final : public row_snapshot {
public:
  explicit tree_snapshot(row_tree rows) : rows_(std::move(rows)) {}

  result<std::optional<std::string>> get(shard_id shard, std::string_view key) const override {
    const auto* row = rows_.find(store_key(shard, key));
    return row == nullptr ? std::optional<std::string>{} : row->value;
  }

  result<void>
  scan(shard_id shard, std::string_view prefix, std::string_view from, scan_order order,
       const std::function<scan_step(std::string_view, std::string_view)>& visit) const override {
    const key_range range{shard, prefix, from, order};
    const bool up = order == scan_order::ascending;
    const auto* at = first(range, up);
    while (at != nullptr && range.contains(at->key) &&
           visit(std::string_view{at->key}.substr(shard_bytes), *at->value) == scan_step::more)
      at = up ? rows_.first_after(at->key) : rows_.last_before(at->key);
    return boost::outcome_v2::success();
  }

private:
  const row_tree::row* first(const key_range& range, bool up) const {
    if (up)
      return rows_.first_at_or_after(*range.start);
    if (!range.start)
      return rows_.last();
    return range.before_start ? rows_.last_before(*range.start)
                              : rows_.last_at_or_before(*range.start);
  }

  row_tree rows_;
};

} // namespace

void memory_disk::fail_turn(unsigned n, errc code, bool turn_reached_disk) {
  TR_ASSERT(code == errc::storage_full || code == errc::storage_failed, "not a failure of a turn");
  turns_until_failure = n;
  failure = code;
  failed_turn_reached_disk = turn_reached_disk;
}

std::unique_ptr<row_snapshot> memory_journal::visible_rows::snapshot() const {
  return std::make_unique<tree_snapshot>(get());
}

row_tree memory_journal::visible_rows::get() const {
  const std::lock_guard hold{guard_};
  return rows_;
}

void memory_journal::visible_rows::set(row_tree rows) {
  const std::lock_guard hold{guard_};
  std::swap(rows_, rows);
}

memory_journal::memory_journal(std::shared_ptr<memory_disk> disk) : disk_(std::move(disk)) {
  rows_.set(disk_->rows);
}

result<void> memory_journal::usable() const {
  if (broken_)
    return error{errc::storage_failed, "memory journal: broken until opened anew"};
  if (disk_->full)
    return error{errc::storage_full, "memory journal: full"};
  return boost::outcome_v2::success();
}

result<void> memory_journal::write_identity(const store_identity& identity) {
  TR_TRY(usable());
  disk_->identity = identity;
  return boost::outcome_v2::success();
}

result<journal_group> memory_journal::load(shard_id group) {
  const auto& stored = disk_->groups[group];
  journal_group out;
  out.term = stored.term;
  out.voted_for = stored.voted_for;
  out.snapshot = stored.snapshot;
  out.applied_index = stored.applied_index;
  out.first_index = stored.log.empty() ? stored.snapshot.index + 1 : stored.log.begin()->first;
  for (const auto& [index, entry] : stored.log) {
    TR_ASSERT(index == out.first_index + out.entries.size(), "a gap in the log");
    out.entries.push_back(entry);
  }
  return out;
}

memory_disk::group& memory_journal::staged(shard_id group) {
  return staged_.try_emplace(group, disk_->groups[group]).first->second;
}

void memory_journal::stage_vote(shard_id group, std::uint64_t term, std::uint64_t voted_for) {
  auto& changed = staged(group);
  changed.term = term;
  changed.voted_for = voted_for;
  staged_bytes_ += staged_overhead_bytes;
  must_sync_ = true;
}

void memory_journal::stage_append(shard_id group, std::uint64_t first_index,
                                  std::vector<journal_entry> entries) {
  auto& log = staged(group).log;
  log.erase(log.lower_bound(first_index), log.end());
  for (auto& entry : entries) {
    staged_bytes_ += entry.payload.size() + staged_overhead_bytes;
    log.emplace(first_index++, std::move(entry));
  }
  must_sync_ = true;
}

void memory_journal::stage_truncate(shard_id group, const journal_snapshot_point& point,
                                    std::uint64_t keep_from) {
  TR_ASSERT(point.index <= flushed_index(group), "truncation beyond what the rows hold on disk");
  TR_ASSERT(keep_from <= point.index + 1, "truncation beyond its own point");
  auto& changed = staged(group);
  changed.snapshot = point;
  changed.log.erase(changed.log.begin(), changed.log.lower_bound(keep_from));
  staged_bytes_ += point.configuration.size() + staged_overhead_bytes;
  must_sync_ = true;
}

void memory_journal::apply(shard_id group, std::uint64_t index, const write_batch& batch) {
  auto& changed = staged(group);
  TR_ASSERT(index == changed.applied_index + 1, "entries are applied one after the other");
  changed.applied_index = index;
  staged_bytes_ += staged_overhead_bytes;
  auto rows = rows_.get();
  for (const auto& [key, value] : batch.writes()) {
    staged_bytes_ += key.size() + (value ? value->size() : 0) + staged_overhead_bytes;
    rows = value ? rows.with({store_key(group, key), value}) : rows.without(store_key(group, key));
  }
  rows_.set(std::move(rows));
}

std::uint64_t memory_journal::flushed_index(shard_id group) const {
  const auto found = disk_->groups.find(group);
  return found == disk_->groups.end() ? 0 : found->second.applied_index;
}

result<void> memory_journal::commit_turn() {
  if (staged_.empty())
    return boost::outcome_v2::success();
  TR_TRY(usable());
  if (disk_->turns_until_failure > 0 && --disk_->turns_until_failure == 0) {
    if (disk_->failure == errc::storage_failed) {
      broken_ = true;
      if (disk_->failed_turn_reached_disk)
        keep_turn();
      return error{errc::storage_failed, "memory journal: injected"};
    }
    disk_->full = true;
    return error{errc::storage_full, "memory journal: injected"};
  }
  keep_turn();
  return boost::outcome_v2::success();
}

void memory_journal::keep_turn() {
  for (auto& [group, changed] : staged_)
    disk_->groups[group] = std::move(changed);
  disk_->rows = rows_.get();
  ++disk_->turns;
  staged_.clear();
  staged_bytes_ = 0;
  must_sync_ = false;
}

void memory_journal::discard_staged() {
  staged_.clear();
  staged_bytes_ = 0;
  must_sync_ = false;
  rows_.set(disk_->rows);
}

result<void> memory_journal::probe() {
  return usable();
}

} // namespace troupe::test
