#pragma once

#include "cluster/raft/group.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <vector>

namespace troupe {

/// Proposals that were accepted but are not in a turn yet; over either bound the answer is
/// `not_leader`.
inline constexpr std::size_t proposals_queued_max = 4096;
inline constexpr std::size_t proposals_queued_bytes_max = 16u << 20;
/// Refusals that wait for the log's thread to utter them. Over this bound, which takes callers that
/// ignore refusals, they are answered on the caller's own thread.
inline constexpr std::size_t proposals_refused_max = 16384;

struct queued_proposal {
  shard_id shard;
  proposal wanted;
};

/// The way from every thread to the raft loop. The loop swaps out all that came while it wrote, so
/// a lock is taken once per proposal and once per turn, and a sleeping loop is woken once per turn.
class proposal_queue {
public:
  /// Thread: any; never waits for the loop. After `close` the answer is `not_leader`, given here.
  void push(shard_id shard, proposal wanted);
  /// Nothing is accepted any more. Wakes the loop.
  void close();

  // Thread: the raft loop.

  /// Returns when at least `wanted` proposals or any refusal are there, when closed, or when
  /// `timeout` has passed.
  void wait(std::size_t wanted, std::chrono::nanoseconds timeout);
  /// Moves everything that came behind `accepted` and `refused`. Returns true when closed.
  bool drain(std::deque<queued_proposal>& accepted, std::vector<proposal_done>& refused);
  /// `count` drained proposals of `bytes` together have left the loop's backlog.
  void release(std::size_t count, std::size_t bytes);

private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  // Guarded by `mutex_`.
  std::vector<queued_proposal> incoming_;
  std::vector<proposal_done> refused_;
  std::size_t held_ = 0; ///< Accepted and not released.
  std::size_t held_bytes_ = 0;
  std::size_t wake_at_ = 0; ///< The sleeping loop wants this many; 0: it is awake.
  bool closed_ = false;
};

} // namespace troupe
