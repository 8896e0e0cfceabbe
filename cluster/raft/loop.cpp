#include "cluster/raft/loop.hpp"

#include "base/assert.hpp"
#include "base/log.hpp"

#include <pthread.h>

#include <algorithm>

namespace troupe {
namespace {

/// Flushing what a last turn applied takes one more turn; anything beyond is a fault.
constexpr int finish_turns_max = 4;
constexpr std::chrono::seconds slow_commit_note_every{10};

using std::chrono::nanoseconds;

} // namespace

raft_loop::raft_loop(loop_options options, journal& store, const clock& time,
                     leadership_listener& listener)
    : options_(std::move(options)), store_(store), clock_(time), listener_(listener),
      leases_(options_.shards + std::size_t{1}), random_(options_.seed) {}

raft_loop::~raft_loop() {
  if (thread_.joinable())
    static_cast<void>(stop());
}

result<bool> raft_loop::load() {
  loaded_.clear();
  std::size_t fresh = 0;
  for (std::size_t i = 0; i <= options_.shards; ++i) {
    auto found = store_.load(shard_at(i));
    if (!found)
      return with_context(found.error(), "group " + std::to_string(shard_at(i).value()));
    if (found.value().term == 0 && found.value().entries.empty())
      ++fresh;
    loaded_.push_back(std::move(found).value());
  }
  if (fresh != 0 && fresh != loaded_.size())
    return error{errc::corrupt, std::to_string(fresh) + " of " + std::to_string(loaded_.size()) +
                                    " groups have no log: this store is not whole"};
  return fresh != 0;
}

result<void> raft_loop::prepare(std::uint64_t raft_id) {
  raft_id_ = raft_id;
  const group_member self{raft_id, options_.node};
  for (std::size_t i = 0; i < loaded_.size(); ++i) {
    auto found = std::move(loaded_[i]);
    if (found.term == 0) {
      TR_TRY(auto first, bootstrap_group(store_, shard_at(i), {&self, 1}));
      found = std::move(first);
    }
    auto chosen = options_.limits;
    chosen.shard = shard_at(i);
    chosen.raft_id = raft_id;
    chosen.election_timeout_ms = static_cast<unsigned>(options_.election_timeout.count());
    chosen.heartbeat_ms = static_cast<unsigned>(options_.heartbeat.count());
    chosen.seed = static_cast<unsigned>(random_.next());
    auto started = group::start(chosen, store_, *this, std::move(found), now_ms());
    if (!started)
      return with_context(started.error(), "group " + std::to_string(shard_at(i).value()));
    if (started.value()->has_peers())
      return error{errc::unsupported, "group " + std::to_string(shard_at(i).value()) +
                                          " has other voters than this store's own raft id"};
    groups_.push_back(std::move(started).value());
  }
  loaded_.clear();
  return boost::outcome_v2::success();
}

void raft_loop::start() {
  TR_ASSERT(!thread_.joinable(), "the loop is started once");
  thread_ = std::thread{[this] { run(); }};
  pthread_setname_np(thread_.native_handle(), "raft-loop");
}

result<void> raft_loop::stop() {
  queue_.close();
  if (thread_.joinable())
    thread_.join();
  return finished_;
}

void raft_loop::propose(shard_id shard, epoch expected, write_batch batch, proposal_done done) {
  TR_ASSERT(batch.encoded_bytes() <= write_batch::encoded_bytes_max,
            "a batch is cut to size by who builds it");
  static_cast<void>(place(shard));
  // Encoded here, so that the one loop does not do it for everybody.
  auto payload = batch.encode();
  queue_.push(shard, {expected, std::move(batch), std::move(payload), std::move(done)});
}

loop_counters raft_loop::counters() const {
  const auto read = [](const auto& counter) { return counter.load(std::memory_order_relaxed); };
  return {read(counted_.passes), read(counted_.turns),     read(counted_.committed),
          read(counted_.halts),  read(counted_.commit_us), read(counted_.stopped)};
}

void raft_loop::leading(shard_id shard, epoch term) {
  leases_.grant(place(shard), term, clock_.now_boot() + lease_length());
  log::debug("raft", "leading shard {} in term {}", shard.value(), term.value());
  listener_.on_leading(shard, term);
}

void raft_loop::deposed(shard_id shard, epoch term) {
  leases_.revoke(place(shard));
  log::info("raft", "no longer leading shard {} in term {}", shard.value(), term.value());
  listener_.on_deposed(shard, term);
}

void raft_loop::send(std::uint64_t, std::string) {
  // A sole voter has nobody to talk to; `prepare` refuses groups with peers.
}

void raft_loop::run() {
  while (!closing_ || !backlog_.empty()) {
    wait_for_work();
    counted_.passes.fetch_add(1, std::memory_order_relaxed);
    for (auto& done : std::exchange(refused_, {}))
      done({proposal_status::not_leader, {}});
    if (phase_ == phase::running)
      turn();
    else
      refuse_all();
    if (phase_ == phase::halted && !closing_ && clock_.now_boot() >= probe_at_)
      probe();
  }
  finish();
}

void raft_loop::wait_for_work() {
  if (!closing_ && backlog_.empty())
    queue_.wait(1, next_wake(clock_.now_boot()) - clock_.now_boot());
  closing_ = queue_.drain(backlog_, refused_);
  if (!closing_ && last_turn_size_ >= gather_from && backlog_.size() < last_turn_size_ &&
      !backlog_.empty()) {
    queue_.wait(last_turn_size_ - backlog_.size(), gather_max);
    closing_ = queue_.drain(backlog_, refused_);
  }
}

nanoseconds raft_loop::next_wake(nanoseconds now) const {
  if (phase_ == phase::halted)
    return probe_at_;
  auto wake = now + options_.election_timeout;
  if (phase_ == phase::failed)
    return wake;
  for (const auto& each : groups_) {
    if (each->unsettled())
      return now;
    if (!each->stopped())
      wake = std::min<nanoseconds>(wake, std::chrono::milliseconds{each->deadline_ms()});
  }
  if (staged_since_ != nanoseconds{0})
    wake = std::min<nanoseconds>(wake, staged_since_ + flush_idle);
  return wake;
}

void raft_loop::turn() {
  const auto began = clock_.now_boot();
  take_proposals(began);
  for (auto& each : groups_) {
    each->tick(now_ms());
    each->submit(now_ms());
  }
  const bool flush_due =
      staged_since_ != nanoseconds{0} && began - staged_since_ >= nanoseconds{flush_idle};
  if ((store_.must_sync() || flush_due) && !commit())
    return;
  settle();
  renew_leases(began);
  check_pressure(began);
}

void raft_loop::take_proposals(nanoseconds began) {
  std::size_t taken = 0;
  std::size_t bytes = 0;
  const auto staged = store_.staged_bytes();
  while (!backlog_.empty()) {
    auto& next = backlog_.front();
    const auto size = next.wanted.payload.size();
    // One proposal always goes, so that rows waiting for their flush cannot hold everything up.
    if (taken > 0 && (staged + bytes + size > turn_bytes_max ||
                      clock_.now_boot() - began >= nanoseconds{turn_intake_max}))
      break;
    groups_[place(next.shard)]->propose(std::move(next.wanted));
    backlog_.pop_front();
    ++taken;
    bytes += size;
  }
  if (taken > 0) {
    queue_.release(taken, bytes);
    last_turn_size_ = taken;
  }
}

/// False: the groups are gone.
bool raft_loop::commit() {
  const auto began = clock_.now_boot();
  const auto written = store_.commit_turn();
  if (!written) {
    if (written.error().code == errc::storage_full)
      halt(written.error());
    else
      fail(written.error());
    return false;
  }
  const auto took = clock_.now_boot() - began;
  counted_.turns.fetch_add(1, std::memory_order_relaxed);
  counted_.commit_us.fetch_add(static_cast<std::uint64_t>(took.count() / 1000),
                               std::memory_order_relaxed);
  probe_delay_ = probe_delay_min;
  staged_since_ = nanoseconds{0};
  note_slow_commit(took);
  return true;
}

/// What was staged is on disk, or nothing that matters was.
void raft_loop::settle() {
  auto committed = committed_before_;
  std::uint64_t stopped = 0;
  for (auto& each : groups_) {
    if (each->unsettled()) {
      each->settle(now_ms());
      if (!closing_)
        each->truncate(now_ms());
    }
    committed += each->committed();
    if (each->stopped())
      ++stopped;
  }
  counted_.committed.store(committed, std::memory_order_relaxed);
  counted_.stopped.store(stopped, std::memory_order_relaxed);
  if (staged_since_ == nanoseconds{0} && (store_.staged_bytes() > 0 || store_.must_sync()))
    staged_since_ = clock_.now_boot();
}

void raft_loop::renew_leases(nanoseconds from) {
  for (std::size_t i = 0; i < groups_.size(); ++i)
    if (groups_[i]->leading() != epoch{})
      leases_.renew(i, from + lease_length());
}

void raft_loop::refuse_all() {
  std::size_t bytes = 0;
  const auto count = backlog_.size();
  for (auto& queued : std::exchange(backlog_, {})) {
    bytes += queued.wanted.payload.size();
    queued.wanted.done({proposal_status::not_leader, {}});
  }
  if (count > 0)
    queue_.release(count, bytes);
}

/// From here on nothing is accepted; what is left is written, and rows too, so that the next start
/// has nothing to apply.
void raft_loop::finish() {
  for (auto& done : std::exchange(refused_, {}))
    done({proposal_status::not_leader, {}});
  for (int i = 0; i < finish_turns_max && phase_ == phase::running; ++i) {
    if (!store_.must_sync() && store_.staged_bytes() == 0)
      break;
    if (commit())
      settle();
  }
  if (phase_ == phase::halted)
    finished_ = error{errc::storage_full, "the store takes no writes"};
  for (std::size_t i = 0; i < groups_.size(); ++i)
    leases_.revoke(i);
  for (auto& each : groups_)
    if (each->pending() > 0)
      each->abandon();
  groups_.clear();
}

void raft_loop::note_slow_commit(nanoseconds took) {
  const auto now = clock_.now_boot();
  if (took < nanoseconds{options_.election_timeout} ||
      (slow_noted_ != nanoseconds{0} && now - slow_noted_ < nanoseconds{slow_commit_note_every}))
    return;
  slow_noted_ = now;
  log::warn("raft",
            "one commit took {} ms, more than the election timeout of {} ms: the disk is slow",
            took.count() / 1'000'000, options_.election_timeout.count());
}

std::size_t raft_loop::place(shard_id shard) const {
  if (shard == meta_shard)
    return options_.shards;
  TR_ASSERT(shard.value() < options_.shards, "shards are numbered from 0");
  return shard.value();
}

shard_id raft_loop::shard_at(std::size_t place) const {
  return place == options_.shards ? meta_shard : shard_id{static_cast<std::uint16_t>(place)};
}

std::uint64_t raft_loop::now_ms() const {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now_boot()).count());
}

nanoseconds raft_loop::lease_length() const {
  return sole_voter_lease_timeouts * nanoseconds{options_.election_timeout};
}

} // namespace troupe
