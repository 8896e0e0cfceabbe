#pragma once

#include "cluster/log/replicated_log.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

/// A replicated log in memory, for tests of what stands above it: it gives every outcome of
/// `propose` on demand and changes leaders when told.
///
///     test_log log;
///     log.listen(subject);
///     log.lead_all(epoch{1});
///     log.answer(3, proposal_status::unknown, fate::kept); // The third proposal from now on.
namespace troupe::test {

/// What becomes of the batch of a proposal that is answered `unknown`.
enum class fate { lost, kept };
enum class completion {
  at_once, ///< `done` is called within `propose`.
  manual,  ///< Only by `finish_one` or `finish_all`; `depose` answers `unknown`.
};

/// A lease that no test outlives.
inline constexpr std::chrono::nanoseconds endless_lease = std::chrono::nanoseconds::max();

/// Thread: any; callbacks come on the thread of the call that causes them, outside of the lock.
class test_log final : public replicated_log {
public:
  struct recorded {
    shard_id shard;
    epoch expected;
    write_batch batch;
    proposal_status status; ///< As answered, or as it will be.
  };

  explicit test_log(std::uint16_t shards = 32);

  // What the test drives.

  /// Told of every change of leaders from now on, and at once of those in force. Outlives the log.
  void listen(leadership_listener& listener);
  void lead(shard_id shard, epoch term);
  /// All shards and meta.
  void lead_all(epoch term);
  /// Takes the lease away, tells the listener, and answers what is open as `unknown` and `lost`.
  void depose(shard_id shard);
  void depose_all();
  /// The lease runs out at `valid_until` without a change of leaders, as in a partition.
  void limit_lease(shard_id shard, std::chrono::nanoseconds valid_until);

  /// The `nth` proposal from now on (1: the next) of any shard is answered so.
  void answer(std::uint64_t nth, proposal_status status, fate of_unknown = fate::lost);
  void complete(completion when);
  /// Answers the oldest open proposal. False: none is open.
  bool finish_one();
  std::size_t finish_all();

  void set_pressure(storage_pressure level);
  /// A row as an earlier process would have left it.
  void put(shard_id shard, std::string key, std::string value);

  // What the test reads.

  /// All proposals so far, refused ones too.
  std::vector<recorded> proposals() const;
  std::size_t open() const;

  // replicated_log

  /// `committed` makes the rows visible before `done`. Refuses what is not led in `expected`.
  void propose(shard_id shard, epoch expected, write_batch batch, proposal_done done) override;
  shard_lease lease(shard_id shard) const override;
  storage_pressure pressure() const override;
  const row_store& rows() const override { return rows_; }
  std::uint16_t shards() const override { return shards_; }

private:
  using row_map = std::map<std::pair<shard_id, std::string>, std::string, std::less<>>;
  class snapshot_of;
  class shared_rows final : public row_store {
  public:
    std::unique_ptr<row_snapshot> snapshot() const override;
    void apply(shard_id shard, const write_batch& batch);

  private:
    mutable std::mutex mutex_;
    std::shared_ptr<const row_map> rows_ = std::make_shared<row_map>();
  };
  struct outcome {
    proposal_status status = proposal_status::committed;
    fate of_unknown = fate::lost;
  };
  struct open_proposal {
    shard_id shard;
    write_batch batch;
    outcome chosen;
    proposal_done done;
    std::size_t record;
  };

  void finish(open_proposal answered);
  outcome choose(shard_id shard, epoch expected);

  const std::uint16_t shards_;
  shared_rows rows_;
  mutable std::mutex mutex_;
  // Guarded by `mutex_`.
  leadership_listener* listener_ = nullptr;
  std::map<shard_id, shard_lease> leases_;
  std::map<shard_id, std::uint64_t> last_index_;
  std::map<std::uint64_t, outcome> planned_; ///< By the number of the proposal.
  std::uint64_t proposed_ = 0;
  completion completion_ = completion::at_once;
  storage_pressure pressure_ = storage_pressure::none;
  std::deque<open_proposal> open_;
  std::vector<recorded> records_;
};

} // namespace troupe::test
