#pragma once

#include "actors/messages.hpp"
#include "base/ids.hpp"
#include "cluster/log/replicated_log.hpp"

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

namespace troupe {

/// Batches of chunks of one text that are proposed and not yet committed. Few, because all
/// conversations of a node share the log's room for proposals.
inline constexpr std::size_t chunk_batches_open_max = 2;

/// An actor's side of `propose`: what follows a batch runs in the actor, after the commit, in the
/// order of the calls. The log's thread only sends `proposal_settled`.
///
/// A batch that refers to chunks is proposed after the last of them is committed, and so is every
/// batch behind it: the log would otherwise be free to refuse the one and take the other.
///
/// After the first batch that is not committed nothing more is proposed and nothing more runs: the
/// actor must end itself, and its rows decide (architecture 6.2). Thread: the owning actor.
class commit_queue {
public:
  commit_queue() = default;
  commit_queue(replicated_log& log, shard_id shard, epoch term, caf::actor_addr owner)
      : log_(&log), shard_(shard), term_(term), owner_(std::move(owner)) {}

  /// Proposes `batch` behind all earlier ones, and behind `chunks` if there are any. An empty one
  /// waits for all earlier batches and proposes nothing.
  void commit(write_batch batch, std::function<void()> then) {
    commit({}, std::move(batch), std::move(then));
  }
  void commit(std::vector<write_batch> chunks, write_batch batch, std::function<void()> then);

  /// Runs what is due. False when a batch failed and no proposal is open any more: the owner must
  /// quit. Until then its successor could not see in the rows what is still on its way.
  bool settled(const proposal_settled& report);

  bool idle() const { return waiting_.empty(); }

private:
  struct entry {
    std::deque<write_batch> chunks; ///< Not yet proposed.
    write_batch batch;
    std::uint64_t ticket = 0; ///< 0: `batch` is not yet proposed.
    bool done = false;
    std::function<void()> then;
  };
  std::uint64_t propose(write_batch batch);
  void propose_due();
  void run_due();

  replicated_log* log_ = nullptr;
  shard_id shard_;
  epoch term_;
  caf::actor_addr owner_;
  std::uint64_t tickets_ = 0;
  std::size_t open_ = 0;        ///< Proposals without an answer.
  std::size_t chunks_open_ = 0; ///< Those of them that are chunks: of the first unproposed entry.
  bool failed_ = false;
  bool running_ = false;
  std::deque<entry> waiting_;
  std::size_t proposed_ = 0; ///< So many of `waiting_`, from the front, are proposed.
};

} // namespace troupe
