#pragma once

#include "cluster/log/replicated_log.hpp"

#include <atomic>
#include <vector>

namespace troupe {

/// Who leads each shard on this node and until when, for readers on every thread.
///
/// One lease is two atomics. That suffices because a term is led at most once on a node: a reader
/// that sees the same term before and after the time has a time that was written in that term, or
/// an earlier, shorter one.
/// Thread: one writer (the raft loop); `read` from any, lock-free.
class lease_table {
public:
  explicit lease_table(std::size_t shards) : cells_(shards) {}

  shard_lease read(std::size_t shard) const {
    const auto& read_from = cells_[shard];
    const auto term = read_from.term.load(std::memory_order_acquire);
    const auto valid_until = read_from.valid_until_ns.load(std::memory_order_acquire);
    if (term == 0 || read_from.term.load(std::memory_order_relaxed) != term)
      return {};
    return {epoch{term}, std::chrono::nanoseconds{valid_until}};
  }

  void grant(std::size_t shard, epoch term, std::chrono::nanoseconds valid_until) {
    cells_[shard].valid_until_ns.store(valid_until.count(), std::memory_order_release);
    cells_[shard].term.store(term.value(), std::memory_order_release);
  }
  /// `grant` for a lease that is held: only the time moves.
  void renew(std::size_t shard, std::chrono::nanoseconds valid_until) {
    cells_[shard].valid_until_ns.store(valid_until.count(), std::memory_order_release);
  }
  void revoke(std::size_t shard) {
    cells_[shard].term.store(0, std::memory_order_release);
    cells_[shard].valid_until_ns.store(0, std::memory_order_release);
  }

private:
  struct cell {
    std::atomic<std::uint64_t> term{0};
    std::atomic<std::int64_t> valid_until_ns{0};
  };
  std::vector<cell> cells_;
};

} // namespace troupe
