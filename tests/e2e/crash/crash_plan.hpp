#pragma once

#include "cluster/log/replicated_log.hpp"
#include "persistence/journal/journal.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>

/// Where and when `troupe_crashing` kills itself, as a machine would: with SIGKILL, at the n-th
/// pass of one window of the durability contract.
///
///     TROUPE_CRASH=after_intent:3      the window and the pass
///     TROUPE_CRASH_REPORT=FILE         gets a line with the window when it fires
///     TROUPE_CRASH_LOSE_UNSYNCED=1     what was written and not synced is taken back first
///     TROUPE_CRASH_MUTANT=ack_early    a planted fault that the sweep must notice; also
///     forget_intent,
///                                      forget_run
namespace troupe::crash {

enum class window {
  none,
  before_append, ///< A batch was built and not handed to the log.
  before_sync,   ///< Log entries are on their way to the disk, not yet synced.
  after_sync,    ///< They are synced, nobody was told.
  after_intent,  ///< An intent is committed, its tool has not started.
  after_tool,    ///< A `once` tool took effect, its outcome is not committed.
  last_batch,    ///< The batch that closes a run: before it is appended, or after its commit.
};

class plan {
public:
  /// Reads the environment; `store` is the directory whose files may lose what is not synced.
  static plan& instance();
  void watch_store(const std::string& directory);

  /// Counts a pass of `here`; does not return from the one that was chosen.
  void pass(window here);
  bool mutant(const std::string& name) const { return mutant_ == name; }

private:
  plan();
  window where_ = window::none;
  int nth_ = 0;
  std::atomic<int> passed_{0};
  std::string report_;
  bool lose_unsynced_ = false;
  std::string mutant_;
};

/// What a batch does, told by its rows' tables.
bool writes_intent(const write_batch& batch);
bool closes_run(const write_batch& batch);

std::unique_ptr<replicated_log> crashing_log(replicated_log& inner);
std::unique_ptr<journal> crashing_journal(std::unique_ptr<journal> inner);

} // namespace troupe::crash
