#include "cluster/log/local_log.hpp"

#include "base/assert.hpp"
#include "base/log.hpp"

namespace troupe {
namespace {

/// Unique over nodes, disks and generations by chance: 63 random bits, never 0.
std::uint64_t mint_raft_id() {
  const auto id = random_seed() >> 1;
  return id != 0 ? id : 1;
}

} // namespace

local_log::local_log(journal& store, const clock& time, log_options options)
    : options_(std::move(options)), store_(store), clock_(time) {}

local_log::~local_log() {
  if (running_)
    static_cast<void>(stop());
}

result<void> local_log::start(leadership_listener& listener) {
  TR_ASSERT(!loop_, "the log is started once");
  if (options_.shards == 0 || options_.shards >= meta_shard.value())
    return error{errc::invalid_argument, "the number of shards must be 1 … 65534"};
  TR_TRY(open_identity());

  loop_options chosen;
  chosen.node = options_.node;
  chosen.shards = options_.shards;
  chosen.election_timeout = options_.election_timeout;
  chosen.heartbeat = options_.heartbeat;
  chosen.seed = options_.seed;
  chosen.limits = options_.limits;
  chosen.fatal = options_.fatal;
  loop_ = std::make_unique<raft_loop>(std::move(chosen), store_, clock_, listener);
  TR_TRY(const bool fresh, loop_->load());
  // An id whose log was never written, or is gone, does not come back (architecture 6.9).
  if (fresh)
    identity_.raft_id = mint_raft_id();
  TR_TRY(store_.write_identity(identity_));
  TR_TRY(loop_->prepare(identity_.raft_id));
  loop_->start();
  running_ = true;
  log::info("raft", "store of cluster {}: boot {}, {} shards, {}", identity_.cluster_id,
            identity_.boot_count, identity_.shards,
            last_stop_was_clean_ ? "last stop was in order" : "last process crashed");
  return boost::outcome_v2::success();
}

result<void> local_log::open_identity() {
  TR_TRY(auto found, store_.identity());
  if (!found) {
    identity_.cluster_id = random_uuid();
    identity_.shards = options_.shards;
  } else {
    identity_ = std::move(*found);
    last_stop_was_clean_ = identity_.clean_stop == identity_.boot_count;
  }
  if (identity_.shards != options_.shards)
    return error{errc::invalid_argument,
                 "this store was made with " + std::to_string(identity_.shards) +
                     " shards and cannot be opened with " + std::to_string(options_.shards) +
                     ": set the number back, or start with a new state directory"};
  ++identity_.boot_count;
  return boost::outcome_v2::success();
}

result<void> local_log::stop() {
  if (!running_)
    return boost::outcome_v2::success();
  running_ = false;
  TR_TRY(loop_->stop());
  identity_.clean_stop = identity_.boot_count;
  return store_.write_identity(identity_);
}

void local_log::propose(shard_id shard, epoch expected, write_batch batch, proposal_done done) {
  TR_ASSERT(loop_ != nullptr, "the log is started before it is used");
  loop_->propose(shard, expected, std::move(batch), std::move(done));
}

shard_lease local_log::lease(shard_id shard) const {
  return loop_ ? loop_->lease(shard) : shard_lease{};
}

storage_pressure local_log::pressure() const {
  return loop_ ? loop_->pressure() : storage_pressure::none;
}

loop_counters local_log::counters() const {
  return loop_ ? loop_->counters() : loop_counters{};
}

} // namespace troupe
