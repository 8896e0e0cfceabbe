#pragma once

#include "actors/messages.hpp"
#include "base/ids.hpp"
#include "cluster/log/replicated_log.hpp"

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>

#include <cstdint>
#include <deque>
#include <functional>

namespace troupe {

/// An actor's side of `propose`: what follows a batch runs in the actor, after the commit, in the
/// order of the calls. The log's thread only sends `proposal_settled`.
///
/// After the first batch that is not committed nothing more runs: the actor must end itself, and
/// its rows decide (architecture 6.2). Thread: the owning actor.
class commit_queue {
public:
  commit_queue() = default;
  commit_queue(replicated_log& log, shard_id shard, epoch term, caf::actor_addr owner)
      : log_(&log), shard_(shard), term_(term), owner_(std::move(owner)) {}

  /// Proposes `batch`; an empty one waits for all earlier batches and proposes nothing.
  void commit(write_batch batch, std::function<void()> then);

  /// Runs what is due. False when a batch failed: the owner must quit.
  bool settled(const proposal_settled& report);

  bool idle() const { return waiting_.empty(); }

private:
  struct entry {
    std::uint64_t ticket = 0;
    bool done = false;
    std::function<void()> then;
  };
  void run_due();

  replicated_log* log_ = nullptr;
  shard_id shard_;
  epoch term_;
  caf::actor_addr owner_;
  std::uint64_t tickets_ = 0;
  bool failed_ = false;
  bool running_ = false;
  std::deque<entry> waiting_;
};

} // namespace troupe
