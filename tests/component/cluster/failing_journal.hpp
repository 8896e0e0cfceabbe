#pragma once

#include "persistence/journal/journal.hpp"

#include <atomic>

namespace troupe::test {

/// A real journal whose turns fail on demand. Thread: as `journal`; the faults from any.
class failing_journal final : public journal {
public:
  explicit failing_journal(journal& real) : real_(real) {}

  /// The `nth` turn from now on (1: the next) fails with `code`, and so do the `probes` probes
  /// after it.
  void fail_turn(int nth, errc code, int probes = 0) {
    code_ = code;
    probes_ = probes;
    turns_ = nth;
  }
  bool fired() const { return fired_; }
  void set_used_permille(unsigned used) { used_ = used; }

  result<std::optional<store_identity>> identity() const override { return real_.identity(); }
  result<void> write_identity(const store_identity& identity) override {
    return real_.write_identity(identity);
  }
  result<journal_group> load(shard_id group) override { return real_.load(group); }
  void stage_vote(shard_id group, std::uint64_t term, std::uint64_t voted_for) override {
    real_.stage_vote(group, term, voted_for);
  }
  void stage_append(shard_id group, std::uint64_t first_index,
                    std::vector<journal_entry> entries) override {
    real_.stage_append(group, first_index, std::move(entries));
  }
  void stage_truncate(shard_id group, const journal_snapshot_point& point,
                      std::uint64_t keep_from) override {
    real_.stage_truncate(group, point, keep_from);
  }
  void apply(shard_id group, std::uint64_t index, const write_batch& batch) override {
    real_.apply(group, index, batch);
  }
  std::size_t staged_bytes() const override { return real_.staged_bytes(); }
  bool must_sync() const override { return real_.must_sync(); }
  std::uint64_t flushed_index(shard_id group) const override { return real_.flushed_index(group); }
  result<void> commit_turn() override {
    if (turns_ > 0 && --turns_ == 0) {
      fired_ = true;
      return error{code_, "injected"};
    }
    return real_.commit_turn();
  }
  void discard_staged() override { real_.discard_staged(); }
  result<void> probe() override {
    if (probes_ > 0) {
      --probes_;
      return error{errc::storage_full, "injected"};
    }
    return real_.probe();
  }
  const row_store& rows() const override { return real_.rows(); }
  unsigned used_permille() const override {
    const unsigned chosen = used_;
    return chosen != 0 ? chosen : real_.used_permille();
  }

private:
  journal& real_;
  std::atomic<int> turns_{0};
  std::atomic<int> probes_{0};
  std::atomic<errc> code_{errc::storage_full};
  std::atomic<bool> fired_{false};
  std::atomic<unsigned> used_{0};
};

} // namespace troupe::test
