#include "persistence/journal/lmdb_rows.hpp"

#include "persistence/journal/frame.hpp"
#include "persistence/journal/key_range.hpp"

#include <utility>

namespace troupe {
namespace {

constexpr std::size_t shard_bytes = sizeof(shard_id::rep);

/// A scan over the rows on disk, in either direction.
class disk_scan {
public:
  static result<disk_scan> start(const lmdb::transaction& within, MDB_dbi database,
                                 const key_range& range, scan_order order) {
    TR_TRY(auto at, lmdb::cursor::open(within, database));
    disk_scan out{std::move(at), range, order};
    TR_TRY(out.place());
    return out;
  }

  bool valid() const { return at_.valid() && range_.contains(at_.key()); }
  std::string_view key() const { return at_.key(); }
  std::string_view value() const { return at_.value(); }
  result<bool> step() { return order_ == scan_order::ascending ? at_.next() : at_.previous(); }

private:
  disk_scan(lmdb::cursor at, const key_range& range, scan_order order)
      : at_(std::move(at)), range_(range), order_(order) {}

  result<void> place() {
    if (!range_.start) {
      TR_TRY(at_.last());
      return boost::outcome_v2::success();
    }
    TR_TRY(const bool found, at_.seek(*range_.start));
    if (order_ == scan_order::ascending)
      return boost::outcome_v2::success();
    if (!found) {
      TR_TRY(at_.last());
    }
    if (found && (range_.before_start || at_.key() != *range_.start)) {
      TR_TRY(at_.previous());
    }
    return boost::outcome_v2::success();
  }

  lmdb::cursor at_;
  const key_range& range_;
  scan_order order_;
};

/// The same over the overlay.
class overlay_scan {
public:
  overlay_scan(const row_tree& rows, const key_range& range, scan_order order)
      : rows_(rows), range_(range), order_(order), at_(place()) {}

  bool valid() const { return at_ != nullptr && range_.contains(at_->key); }
  const row_tree::row& row() const { return *at_; }
  void step() {
    at_ =
        order_ == scan_order::ascending ? rows_.first_after(at_->key) : rows_.last_before(at_->key);
  }

private:
  const row_tree::row* place() const {
    if (order_ == scan_order::ascending)
      return rows_.first_at_or_after(*range_.start);
    if (!range_.start)
      return rows_.last();
    return range_.before_start ? rows_.last_before(*range_.start)
                               : rows_.last_at_or_before(*range_.start);
  }

  const row_tree& rows_;
  const key_range& range_;
  scan_order order_;
  const row_tree::row* at_;
};

} // namespace

class lmdb_snapshot final : public row_snapshot {
public:
  lmdb_snapshot(const lmdb_rows& owner, row_tree overlay, result<lmdb::transaction> reader)
      : owner_(owner), overlay_(std::move(overlay)), reader_(std::move(reader)) {}
  ~lmdb_snapshot() override {
    if (reader_)
      owner_.give_back(std::move(reader_).assume_value());
  }

  result<std::optional<std::string>> get(shard_id shard, std::string_view key) const override {
    const auto wanted = store_key(shard, key);
    if (const auto* row = overlay_.find(wanted))
      return row->value;
    if (!reader_)
      return reader_.error();
    TR_TRY(const auto stored, reader_.assume_value().get(owner_.database_, wanted));
    if (!stored)
      return std::optional<std::string>{};
    TR_TRY(const auto payload, unframe(store_database::rows, wanted, *stored));
    return std::optional<std::string>{payload};
  }

  result<void>
  scan(shard_id shard, std::string_view prefix, std::string_view from, scan_order order,
       const std::function<scan_step(std::string_view, std::string_view)>& visit) const override {
    if (!reader_)
      return reader_.error();
    const key_range range{shard, prefix, from, order};
    TR_TRY(auto stored, disk_scan::start(reader_.assume_value(), owner_.database_, range, order));
    overlay_scan fresh{overlay_, range, order};
    auto step = scan_step::more;
    while (step == scan_step::more && (stored.valid() || fresh.valid())) {
      const int place = compare(stored, fresh, order);
      if (place < 0) {
        TR_TRY(const auto payload, unframe(store_database::rows, stored.key(), stored.value()));
        step = visit(stored.key().substr(shard_bytes), payload);
      } else if (fresh.row().value) {
        step = visit(std::string_view{fresh.row().key}.substr(shard_bytes), *fresh.row().value);
      }
      if (place >= 0)
        fresh.step();
      if (place <= 0) {
        TR_TRY(stored.step());
      }
    }
    return boost::outcome_v2::success();
  }

private:
  /// < 0: the stored row comes first; 0: both have the key, the fresh one counts; > 0: the fresh
  /// row comes first.
  static int compare(const disk_scan& stored, const overlay_scan& fresh, scan_order order) {
    if (!fresh.valid())
      return -1;
    if (!stored.valid())
      return 1;
    const int by_key = stored.key().compare(fresh.row().key);
    return order == scan_order::ascending ? by_key : -by_key;
  }

  const lmdb_rows& owner_;
  const row_tree overlay_;
  result<lmdb::transaction> reader_;
};

std::unique_ptr<row_snapshot> lmdb_rows::snapshot() const {
  const std::lock_guard hold{guard_};
  return std::make_unique<lmdb_snapshot>(*this, overlay_, take_reader());
}

void lmdb_rows::show(row_tree overlay) {
  {
    const std::lock_guard hold{guard_};
    std::swap(overlay_, overlay);
  }
  // The old tree is torn down here, outside the lock.
}

result<lmdb::transaction> lmdb_rows::take_reader() const {
  if (idle_.empty())
    return lmdb::transaction::begin(store_, lmdb::access::read);
  auto reader = std::move(idle_.back());
  idle_.pop_back();
  TR_TRY(reader.renew());
  return reader;
}

void lmdb_rows::give_back(lmdb::transaction reader) const {
  reader.reset();
  const std::lock_guard hold{guard_};
  if (idle_.size() < idle_readers_max)
    idle_.push_back(std::move(reader));
}

} // namespace troupe
