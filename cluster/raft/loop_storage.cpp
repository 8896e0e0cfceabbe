#include "base/log.hpp"
#include "cluster/raft/loop.hpp"

#include <unistd.h>

#include <algorithm>

// What the loop does when the store fills up or fails.
namespace troupe {
namespace {

/// sysexits' EX_SOFTWARE: the supervisor starts the process again and it verifies the store.
constexpr int exit_status_storage_failed = 70;

using std::chrono::nanoseconds;

} // namespace

void raft_loop::check_pressure(nanoseconds now) {
  if (now - pressure_checked_ < nanoseconds{pressure_check_every})
    return;
  pressure_checked_ = now;
  const auto used = store_.used_permille();
  const auto before = pressure_.load(std::memory_order_relaxed);
  const bool high = used > pressure_high_permille ||
                    (before != storage_pressure::none && used >= pressure_clear_permille);
  const auto after = high ? storage_pressure::high : storage_pressure::none;
  if (after == before)
    return;
  pressure_.store(after, std::memory_order_relaxed);
  if (high)
    log::warn("raft", "the store is {}.{} % full: no new input is taken until it is below {} %",
              used / 10, used % 10, pressure_clear_permille / 10);
  else
    log::info("raft", "the store has room again ({}.{} % full)", used / 10, used % 10);
}

void raft_loop::halt(const error& reason) {
  log::error("raft", "the store is full, nothing is led until it takes writes again: {}",
             reason.detail);
  phase_ = phase::halted;
  counted_.halts.fetch_add(1, std::memory_order_relaxed);
  pressure_.store(storage_pressure::full, std::memory_order_relaxed);
  lose_groups();
  probe_at_ = clock_.now_boot() + probe_delay_;
}

void raft_loop::probe() {
  auto revived = store_.probe();
  if (revived)
    revived = restart();
  if (!revived && revived.error().code != errc::storage_full) {
    fail(revived.error());
    return;
  }
  // Doubled with up to a quarter of jitter; only a committed turn resets it.
  probe_delay_ = std::min<nanoseconds>(2 * probe_delay_, probe_delay_max);
  if (!revived) {
    const auto jitter = random_.below(static_cast<std::uint64_t>(probe_delay_.count()) / 4);
    probe_at_ = clock_.now_boot() + probe_delay_ + nanoseconds{static_cast<std::int64_t>(jitter)};
    return;
  }
  log::warn("raft", "the store takes writes again: the groups start from disk");
  phase_ = phase::running;
  pressure_.store(storage_pressure::high, std::memory_order_relaxed);
  pressure_checked_ = nanoseconds{0};
}

result<void> raft_loop::restart() {
  TR_TRY(load());
  return prepare(raft_id_);
}

void raft_loop::fail(const error& reason) {
  log::error("raft", "the store failed, this process must not go on: {}: {}",
             to_string(reason.code), reason.detail);
  phase_ = phase::failed;
  finished_ = reason;
  pressure_.store(storage_pressure::full, std::memory_order_relaxed);
  lose_groups();
  if (options_.fatal)
    options_.fatal(reason);
  else
    ::_exit(exit_status_storage_failed);
}

void raft_loop::lose_groups() {
  for (auto& each : groups_) {
    committed_before_ += each->committed();
    each->abandon();
  }
  groups_.clear();
  store_.discard_staged();
  staged_since_ = nanoseconds{0};
  last_turn_size_ = 0;
  refuse_all();
}

} // namespace troupe
