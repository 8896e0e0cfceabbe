#pragma once

#include "base/ids.hpp"
#include "persistence/journal/row_store.hpp"
#include "persistence/journal/write_batch.hpp"

#include <chrono>
#include <functional>
#include <string_view>

/// The durability contract as the actors see it (architecture section 6). Nothing above this header
/// knows how many voters a shard has.
namespace troupe {

enum class proposal_status {
  committed,  ///< Synced on a majority, applied, and visible to every later read on this node.
  not_leader, ///< Never appended and never will be: not led in that epoch, no room, or no storage.
  unknown,    ///< Appended; may still commit. The proposer is discarded and its rows decide.
};

struct proposal_result {
  proposal_status status = proposal_status::unknown;
  log_index index; ///< Set when committed.
};

/// Called exactly once, on the log's own thread: hand over and return, never block or propose.
using proposal_done = std::function<void(proposal_result)>;

/// Who leads one shard on this node, and until when it may act on that.
struct shard_lease {
  epoch term;                             ///< 0: not led here.
  std::chrono::nanoseconds valid_until{}; ///< On `clock::now_boot()`.
  bool valid(epoch expected, std::chrono::nanoseconds now) const {
    return term == expected && term != epoch{} && now < valid_until;
  }
};

enum class storage_pressure {
  none,
  high, ///< Above 85 %: no new input; outcomes and deletes still go.
  full, ///< The store took no write: nothing goes until it does again.
};

/// Told when this node begins or ceases to lead a shard. Thread: the log's own; hand over and
/// return.
class leadership_listener {
public:
  virtual ~leadership_listener() = default;
  /// An entry of our own term is committed and applied: the rows are complete.
  virtual void on_leading(shard_id shard, epoch term) = 0;
  /// Every actor of the shard must go; proposals of `term` were answered or are about to be.
  virtual void on_deposed(shard_id shard, epoch term) = 0;
};

class replicated_log {
public:
  virtual ~replicated_log() = default;

  /// Appends `batch` to the shard's log if this node leads it in `expected`, in the order of the
  /// calls per shard. Thread: any; never blocks. A batch over `write_batch::encoded_bytes_max` is a
  /// caller's bug. When the queue is full (`proposals_queued_max` or the byte bound) the answer is
  /// `not_leader`.
  virtual void propose(shard_id shard, epoch expected, write_batch batch, proposal_done done) = 0;

  /// Thread: any; lock-free.
  virtual shard_lease lease(shard_id shard) const = 0;
  virtual storage_pressure pressure() const = 0;

  virtual const row_store& rows() const = 0;
  virtual std::uint16_t shards() const = 0;
  /// The shard that a canonical key lives on: XXH64(key) mod shards.
  shard_id shard_of(std::string_view canonical_key) const;
};

} // namespace troupe
