#pragma once

#include "cluster/log/local_log.hpp"
#include "persistence/journal/lmdb_journal.hpp"
#include "tests/component/cluster/failing_journal.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <condition_variable>
#include <map>
#include <mutex>
#include <vector>

/// One node's log over a real store, with verbs.
namespace troupe::test {

/// Longer than any disk takes; reaching it is a failure.
inline constexpr std::chrono::seconds patience{60};

/// Remembers who leads, and lets a test wait for it. Thread: any.
class leaders final : public leadership_listener {
public:
  void on_leading(shard_id shard, epoch term) override {
    const std::lock_guard lock{mutex_};
    terms_[shard] = term;
    changed_.notify_all();
  }
  void on_deposed(shard_id shard, epoch term) override {
    const std::lock_guard lock{mutex_};
    matched_ = matched_ && terms_[shard] == term;
    terms_.erase(shard);
    ++deposed_calls_;
    changed_.notify_all();
  }

  void await_count(std::size_t count) {
    std::unique_lock lock{mutex_};
    REQUIRE(changed_.wait_for(lock, patience, [&] { return terms_.size() == count; }));
  }
  epoch term(shard_id shard) const {
    const std::lock_guard lock{mutex_};
    const auto found = terms_.find(shard);
    return found == terms_.end() ? epoch{} : found->second;
  }
  std::size_t deposed_calls() const {
    const std::lock_guard lock{mutex_};
    return deposed_calls_;
  }
  /// For the next start: a log that stops does not depose.
  void forget() {
    const std::lock_guard lock{mutex_};
    terms_.clear();
  }
  /// Every deposition named the term that had been announced.
  bool matched() const {
    const std::lock_guard lock{mutex_};
    return matched_;
  }

private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<shard_id, epoch> terms_;
  std::size_t deposed_calls_ = 0;
  bool matched_ = true;
};

/// Answers of proposals, by a number that the test chooses. Thread: any.
class answers {
public:
  proposal_done expect(std::uint64_t number) {
    return [this, number](proposal_result result) {
      // Notified under the lock: whoever waited may destroy this object at once.
      const std::lock_guard lock{mutex_};
      results_[number].push_back(result);
      order_.push_back(number);
      arrived_.notify_all();
    };
  }
  void await_count(std::size_t count) {
    std::unique_lock lock{mutex_};
    REQUIRE(arrived_.wait_for(lock, patience, [&] { return order_.size() >= count; }));
  }
  /// All answers, each number with every answer it got.
  std::map<std::uint64_t, std::vector<proposal_result>> all() const {
    const std::lock_guard lock{mutex_};
    return results_;
  }
  std::vector<std::uint64_t> order() const {
    const std::lock_guard lock{mutex_};
    return order_;
  }

private:
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<std::uint64_t, std::vector<proposal_result>> results_;
  std::vector<std::uint64_t> order_;
};

inline write_batch one_row(std::string key, std::string value) {
  write_batch batch;
  batch.put(std::move(key), std::move(value));
  return batch;
}

inline std::unique_ptr<journal> open_store(const std::string& directory,
                                           std::size_t map_bytes = std::size_t{1} << 30) {
  lmdb_journal_options options;
  options.directory = directory;
  options.map_bytes = map_bytes;
  auto opened = open_lmdb_journal(options);
  if (!opened)
    FAIL(opened.error().detail);
  return std::move(opened).value();
}

class log_world {
public:
  explicit log_world(log_options options = {}) : options_(std::move(options)) { open(); }

  /// Opens the store and starts the log; returns when all shards and meta are led.
  void boot() {
    log = std::make_unique<local_log>(*faults, system_clock(), options_);
    const auto started = log->start(lead);
    if (!started)
      FAIL(started.error().detail);
    lead.await_count(options_.shards + std::size_t{1});
  }
  void open() {
    store = open_store(directory.path() + "/store");
    faults = std::make_unique<failing_journal>(*store);
  }
  /// An orderly stop and the next start of the same store.
  void reboot() {
    shut_down();
    open();
    boot();
  }
  void shut_down() {
    REQUIRE(log->stop());
    log.reset();
    faults.reset();
    store.reset();
    lead.forget();
  }
  /// Proposes in the epoch in force and waits for the answer.
  proposal_result ask(shard_id shard, write_batch batch) {
    answers one;
    log->propose(shard, lead.term(shard), std::move(batch), one.expect(0));
    one.await_count(1);
    return one.all().at(0).at(0);
  }
  std::optional<std::string> row(shard_id shard, const std::string& key) const {
    auto read = log->rows().snapshot()->get(shard, key);
    REQUIRE(read);
    return std::move(read).value();
  }

  temp_dir directory;
  std::unique_ptr<journal> store;
  std::unique_ptr<failing_journal> faults; ///< Over `store`; what the log writes through.
  leaders lead;
  std::unique_ptr<local_log> log;

private:
  log_options options_;
};

} // namespace troupe::test
