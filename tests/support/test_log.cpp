#include "tests/support/test_log.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <utility>

namespace troupe::test {

class test_log::snapshot_of final : public row_snapshot {
public:
  explicit snapshot_of(std::shared_ptr<const row_map> rows) : rows_(std::move(rows)) {}

  result<std::optional<std::string>> get(shard_id shard, std::string_view key) const override {
    const auto found = rows_->find(std::pair{shard, std::string{key}});
    return found == rows_->end() ? std::optional<std::string>{} : std::optional{found->second};
  }

  result<void>
  scan(shard_id shard, std::string_view prefix, std::string_view from, scan_order order,
       const std::function<scan_step(std::string_view, std::string_view)>& visit) const override {
    std::vector<row_map::const_iterator> range;
    for (auto at = rows_->lower_bound(std::pair{shard, std::string{prefix}});
         at != rows_->end() && at->first.first == shard && at->first.second.starts_with(prefix);
         ++at)
      range.push_back(at);
    if (order == scan_order::descending)
      std::reverse(range.begin(), range.end());
    for (const auto& at : range) {
      const std::string_view key = at->first.second;
      const bool before_start =
          !from.empty() && (order == scan_order::ascending ? key < from : key > from);
      if (!before_start && visit(key, at->second) == scan_step::stop)
        break;
    }
    return boost::outcome_v2::success();
  }

private:
  std::shared_ptr<const row_map> rows_;
};

std::unique_ptr<row_snapshot> test_log::shared_rows::snapshot() const {
  const std::lock_guard lock{mutex_};
  return std::make_unique<snapshot_of>(rows_);
}

void test_log::shared_rows::apply(shard_id shard, const write_batch& batch) {
  const std::lock_guard lock{mutex_};
  auto changed = std::make_shared<row_map>(*rows_);
  for (const auto& [key, value] : batch.writes()) {
    if (value)
      (*changed)[{shard, key}] = *value;
    else
      changed->erase({shard, key});
  }
  rows_ = std::move(changed);
}

test_log::test_log(std::uint16_t shards) : shards_(shards) {}

void test_log::listen(leadership_listener& listener) {
  std::map<shard_id, shard_lease> in_force;
  {
    const std::lock_guard lock{mutex_};
    listener_ = &listener;
    in_force = leases_;
  }
  for (const auto& [shard, held] : in_force)
    listener.on_leading(shard, held.term);
}

void test_log::lead(shard_id shard, epoch term) {
  leadership_listener* listener = nullptr;
  {
    const std::lock_guard lock{mutex_};
    TR_ASSERT(!leases_.contains(shard), "a leader is deposed before the next one leads");
    leases_[shard] = {term, endless_lease};
    listener = listener_;
  }
  if (listener != nullptr)
    listener->on_leading(shard, term);
}

void test_log::lead_all(epoch term) {
  for (std::uint16_t shard = 0; shard < shards_; ++shard)
    lead(shard_id{shard}, term);
  lead(meta_shard, term);
}

void test_log::depose(shard_id shard) {
  leadership_listener* listener = nullptr;
  epoch term;
  std::vector<open_proposal> answered;
  {
    const std::lock_guard lock{mutex_};
    const auto held = leases_.find(shard);
    if (held == leases_.end())
      return;
    term = held->second.term;
    leases_.erase(held);
    listener = listener_;
    for (auto at = open_.begin(); at != open_.end();) {
      if (at->shard != shard) {
        ++at;
        continue;
      }
      at->chosen = {proposal_status::unknown, at->chosen.status == proposal_status::unknown
                                                  ? at->chosen.of_unknown
                                                  : fate::lost};
      answered.push_back(std::move(*at));
      at = open_.erase(at);
    }
  }
  if (listener != nullptr)
    listener->on_deposed(shard, term);
  for (auto& each : answered)
    finish(std::move(each));
}

void test_log::depose_all() {
  for (std::uint16_t shard = 0; shard < shards_; ++shard)
    depose(shard_id{shard});
  depose(meta_shard);
}

void test_log::limit_lease(shard_id shard, std::chrono::nanoseconds valid_until) {
  const std::lock_guard lock{mutex_};
  leases_.at(shard).valid_until = valid_until;
}

void test_log::answer(std::uint64_t nth, proposal_status status, fate of_unknown) {
  const std::lock_guard lock{mutex_};
  TR_ASSERT(nth > 0, "the next proposal is number 1");
  planned_[proposed_ + nth] = {status, of_unknown};
}

void test_log::complete(completion when) {
  const std::lock_guard lock{mutex_};
  completion_ = when;
}

bool test_log::finish_one() {
  open_proposal next;
  {
    const std::lock_guard lock{mutex_};
    if (open_.empty())
      return false;
    next = std::move(open_.front());
    open_.pop_front();
  }
  finish(std::move(next));
  return true;
}

std::size_t test_log::finish_all() {
  std::size_t finished = 0;
  while (finish_one())
    ++finished;
  return finished;
}

void test_log::set_pressure(storage_pressure level) {
  const std::lock_guard lock{mutex_};
  pressure_ = level;
}

void test_log::put(shard_id shard, std::string key, std::string value) {
  write_batch batch;
  batch.put(std::move(key), std::move(value));
  rows_.apply(shard, batch);
}

std::vector<test_log::recorded> test_log::proposals() const {
  const std::lock_guard lock{mutex_};
  return records_;
}

std::size_t test_log::open() const {
  const std::lock_guard lock{mutex_};
  return open_.size();
}

void test_log::propose(shard_id shard, epoch expected, write_batch batch, proposal_done done) {
  TR_ASSERT(batch.encoded_bytes() <= write_batch::encoded_bytes_max,
            "a batch is cut to size by who builds it");
  open_proposal asked;
  {
    const std::lock_guard lock{mutex_};
    const auto chosen = choose(shard, expected);
    records_.push_back({shard, expected, batch, chosen.status});
    asked = {shard, std::move(batch), chosen, std::move(done), records_.size() - 1};
    if (completion_ == completion::manual && chosen.status != proposal_status::not_leader) {
      open_.push_back(std::move(asked));
      return;
    }
  }
  finish(std::move(asked));
}

test_log::outcome test_log::choose(shard_id shard, epoch expected) {
  ++proposed_;
  const auto held = leases_.find(shard);
  if (held == leases_.end() || held->second.term != expected)
    return {proposal_status::not_leader, fate::lost};
  const auto planned = planned_.extract(proposed_);
  return planned.empty() ? outcome{} : planned.mapped();
}

void test_log::finish(open_proposal answered) {
  const auto [status, of_unknown] = answered.chosen;
  proposal_result answer{status, {}};
  {
    const std::lock_guard lock{mutex_};
    records_[answered.record].status = status;
    const bool kept = status == proposal_status::committed ||
                      (status == proposal_status::unknown && of_unknown == fate::kept);
    if (kept) {
      rows_.apply(answered.shard, answered.batch);
      const auto index = ++last_index_[answered.shard];
      if (status == proposal_status::committed)
        answer.index = log_index{index};
    }
  }
  answered.done(answer);
}

shard_lease test_log::lease(shard_id shard) const {
  const std::lock_guard lock{mutex_};
  const auto held = leases_.find(shard);
  return held == leases_.end() ? shard_lease{} : held->second;
}

storage_pressure test_log::pressure() const {
  const std::lock_guard lock{mutex_};
  return pressure_;
}

} // namespace troupe::test
