#include "tests/e2e/crash/crash_plan.hpp"

#include "persistence/tables/conversation_tables.hpp"
#include "tests/support/disk_faults.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <utility>

namespace troupe::crash {
namespace {

const std::map<std::string, window> windows{
    {"before_append", window::before_append}, {"before_sync", window::before_sync},
    {"after_sync", window::after_sync},       {"after_intent", window::after_intent},
    {"after_tool", window::after_tool},       {"last_batch", window::last_batch}};

std::optional<test::disk_faults> watched;

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : value;
}

void append_line(const std::string& path, const std::string& line) {
  const int file = open(path.c_str(), O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);
  const auto written = write(file, line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size()))
    std::abort();
  close(file);
}

char table_of(const std::string& row_key) {
  return row_key.empty() ? '\0' : row_key.front();
}

/// The thread commits a turn that holds entries of conversations.
thread_local bool turn_with_entries = false;

/// At the beginning of an fdatasync.
void note_sync() {
  if (std::exchange(turn_with_entries, false))
    plan::instance().pass(window::before_sync);
}

bool puts_into(const write_batch& batch, char table) {
  for (const auto& [key, value] : batch.writes())
    if (value && table_of(key) == table)
      return true;
  return false;
}

} // namespace

bool writes_intent(const write_batch& batch) {
  return puts_into(batch, tables::intent_prefix({}, "").front());
}

bool closes_run(const write_batch& batch) {
  return puts_into(batch, tables::expiry_prefix().front());
}

plan& plan::instance() {
  static plan made;
  return made;
}

plan::plan()
    : report_(from_environment("TROUPE_CRASH_REPORT")),
      lose_unsynced_(!from_environment("TROUPE_CRASH_LOSE_UNSYNCED").empty()),
      mutant_(from_environment("TROUPE_CRASH_MUTANT")) {
  const auto text = from_environment("TROUPE_CRASH");
  const auto colon = text.find(':');
  if (const auto found = windows.find(text.substr(0, colon)); found != windows.end()) {
    where_ = found->second;
    nth_ = std::atoi(text.c_str() + colon + 1);
  }
  test::disk_faults::at_sync(note_sync);
}

void plan::watch_store(const std::string& directory) {
  if (lose_unsynced_)
    watched.emplace(directory);
}

void plan::pass(window here) {
  if (here != where_ || ++passed_ != nth_)
    return;
  for (const auto& [name, known] : windows)
    if (known == here)
      append_line(report_, name + "\n");
  if (watched)
    watched->power_cut();
  raise(SIGKILL);
}

namespace {

class log_with_windows final : public replicated_log {
public:
  explicit log_with_windows(replicated_log& inner) : inner_(inner) {}

  void propose(shard_id shard, epoch expected, write_batch batch, proposal_done done) override {
    auto& chosen = plan::instance();
    const bool intent = writes_intent(batch);
    const bool closing = closes_run(batch);
    chosen.pass(window::before_append);
    if (closing)
      chosen.pass(window::last_batch);
    if (chosen.mutant("forget_intent"))
      batch = without_intents(batch);
    if (chosen.mutant("ack_early")) {
      done({proposal_status::committed, log_index{1}});
      inner_.propose(shard, expected, std::move(batch), [](proposal_result) {});
      return;
    }
    inner_.propose(shard, expected, std::move(batch),
                   [&chosen, intent, closing, done = std::move(done)](proposal_result outcome) {
                     if (outcome.status == proposal_status::committed && intent)
                       chosen.pass(window::after_intent);
                     if (outcome.status == proposal_status::committed && closing)
                       chosen.pass(window::last_batch);
                     done(outcome);
                   });
  }
  shard_lease lease(shard_id shard) const override { return inner_.lease(shard); }
  storage_pressure pressure() const override { return inner_.pressure(); }
  const row_store& rows() const override { return inner_.rows(); }
  std::uint16_t shards() const override { return inner_.shards(); }

private:
  static write_batch without_intents(const write_batch& batch) {
    write_batch out;
    for (const auto& [key, value] : batch.writes()) {
      if (!value)
        out.erase(key);
      else if (table_of(key) != tables::intent_prefix({}, "").front())
        out.put(key, *value);
    }
    return out;
  }
  replicated_log& inner_;
};

class journal_with_windows final : public journal {
public:
  explicit journal_with_windows(std::unique_ptr<journal> inner) : inner_(std::move(inner)) {}

  result<std::optional<store_identity>> identity() const override { return inner_->identity(); }
  result<void> write_identity(const store_identity& identity) override {
    return inner_->write_identity(identity);
  }
  result<journal_group> load(shard_id group) override { return inner_->load(group); }
  void stage_vote(shard_id group, std::uint64_t term, std::uint64_t voted_for) override {
    inner_->stage_vote(group, term, voted_for);
  }
  void stage_append(shard_id group, std::uint64_t first_index,
                    std::vector<journal_entry> entries) override {
    for (const auto& entry : entries)
      appended_ = appended_ || entry.payload.size() > small_entry_bytes;
    inner_->stage_append(group, first_index, std::move(entries));
  }
  void stage_truncate(shard_id group, const journal_snapshot_point& point,
                      std::uint64_t keep_from) override {
    inner_->stage_truncate(group, point, keep_from);
  }
  void apply(shard_id group, std::uint64_t index, const write_batch& batch) override {
    inner_->apply(group, index, batch);
  }
  std::size_t staged_bytes() const override { return inner_->staged_bytes(); }
  bool must_sync() const override { return inner_->must_sync(); }
  std::uint64_t flushed_index(shard_id group) const override {
    return inner_->flushed_index(group);
  }
  result<void> commit_turn() override {
    const bool counts = std::exchange(appended_, false);
    turn_with_entries = counts;
    auto outcome = inner_->commit_turn();
    turn_with_entries = false;
    if (counts && outcome)
      plan::instance().pass(window::after_sync);
    return outcome;
  }
  void discard_staged() override { inner_->discard_staged(); }
  result<void> probe() override { return inner_->probe(); }
  const row_store& rows() const override { return inner_->rows(); }
  unsigned used_permille() const override { return inner_->used_permille(); }

private:
  /// Barriers and configurations are smaller than any batch of a conversation.
  static constexpr std::size_t small_entry_bytes = 100;
  std::unique_ptr<journal> inner_;
  bool appended_ = false;
};

} // namespace

std::unique_ptr<replicated_log> crashing_log(replicated_log& inner) {
  return std::make_unique<log_with_windows>(inner);
}

std::unique_ptr<journal> crashing_journal(std::unique_ptr<journal> inner) {
  return std::make_unique<journal_with_windows>(std::move(inner));
}

} // namespace troupe::crash
