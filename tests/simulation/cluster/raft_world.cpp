#include "tests/simulation/cluster/raft_world.hpp"

#include "base/assert.hpp"
#include "base/checksum.hpp"

#include <algorithm>

namespace troupe::test {
namespace {

constexpr shard_id shard{0};
constexpr unsigned election_timeout_ms = 250;
constexpr std::uint64_t step_ms_max = 10;
constexpr std::uint64_t delay_ms_max = 40;
constexpr std::uint64_t delay_calm_ms_max = 5;
constexpr std::uint64_t pause_ms_max = 1500;
/// Replicas keep their whole log: installing snapshots is not built yet.
constexpr std::uint64_t never = UINT64_MAX;
constexpr std::size_t batch_keys = 50;

// Per step, in permille.
constexpr unsigned crash_chance = 2;
constexpr unsigned freeze_chance = 2;
constexpr unsigned cut_chance = 3;
constexpr unsigned mend_chance = 15;
constexpr unsigned full_chance = 2;
constexpr unsigned transfer_chance = 2;
constexpr unsigned drop_chance = 30;
constexpr unsigned duplicate_chance = 20;
constexpr unsigned sync_chance = 600;
constexpr unsigned propose_chance = 300;

} // namespace

/// Forwards to a journal in memory, tells what is applied, and carries the mutants.
class raft_world::audited_journal final : public journal {
public:
  audited_journal(raft_world& world, std::uint64_t id, std::shared_ptr<memory_disk> disk)
      : world_(world), id_(id), real_(std::move(disk)) {}

  result<std::optional<store_identity>> identity() const override { return real_.identity(); }
  result<void> write_identity(const store_identity& identity) override {
    return real_.write_identity(identity);
  }
  result<journal_group> load(shard_id group) override { return real_.load(group); }
  void stage_vote(shard_id group, std::uint64_t term, std::uint64_t voted_for) override {
    real_.stage_vote(group, term, world_.planted_ == mutant::vote_lost ? 0 : voted_for);
  }
  void stage_append(shard_id group, std::uint64_t first_index,
                    std::vector<journal_entry> entries) override {
    real_.stage_append(group, first_index, std::move(entries));
  }
  void stage_truncate(shard_id group, const journal_snapshot_point& point,
                      std::uint64_t keep_from) override {
    real_.stage_truncate(group, point, keep_from);
  }
  void apply(shard_id group, std::uint64_t index, const write_batch& batch) override {
    auto seen = batch;
    if (world_.planted_ == mutant::apply_skewed && id_ == 1 && index % 7 == 0)
      seen.put("skewed", "v");
    world_.applied(id_, index, seen);
    real_.apply(group, index, seen);
  }
  std::size_t staged_bytes() const override { return real_.staged_bytes(); }
  bool must_sync() const override { return real_.must_sync(); }
  std::uint64_t flushed_index(shard_id group) const override { return real_.flushed_index(group); }
  result<void> commit_turn() override {
    if (world_.planted_ == mutant::sync_lies && world_.chance(200))
      return boost::outcome_v2::success();
    return real_.commit_turn();
  }
  void discard_staged() override { real_.discard_staged(); }
  result<void> probe() override { return real_.probe(); }
  const row_store& rows() const override { return real_.rows(); }
  unsigned used_permille() const override { return real_.used_permille(); }

private:
  raft_world& world_;
  const std::uint64_t id_;
  memory_journal real_;
};

class raft_world::node final : public group_host {
public:
  node(raft_world& world, std::uint64_t raft_id, std::vector<group_member> members)
      : id(raft_id), world_(world), members_(std::move(members)) {}

  void boot() {
    store = std::make_unique<audited_journal>(world_, id, disk);
    start_group();
    world_.note("boot", id, 0);
  }
  /// The process dies: nobody is told anything.
  void crash() {
    subject.reset();
    store.reset();
    announced = {};
    ++world_.crashes_;
    world_.note("crash", id, 0);
  }
  bool up() const { return subject != nullptr; }

  void turn(bool sync) {
    subject->tick(world_.now_ms_);
    subject->submit(world_.now_ms_);
    if (store->must_sync()) {
      if (!sync)
        return;
      if (!store->commit_turn()) {
        restart_after_full();
        return;
      }
    }
    subject->settle(world_.now_ms_);
    if (subject->stopped())
      world_.violate("node " + std::to_string(id) + " stopped: " + subject->stop_reason());
  }

  void leading(shard_id, epoch term) override {
    announced = term;
    world_.led(id, term);
  }
  void deposed(shard_id, epoch term) override {
    if (announced != term)
      world_.violate("deposed in a term that was not announced");
    announced = {};
  }
  void send(std::uint64_t to, std::string bytes) override { world_.post(id, to, std::move(bytes)); }

  const std::uint64_t id;
  std::shared_ptr<memory_disk> disk = std::make_shared<memory_disk>();
  std::unique_ptr<audited_journal> store;
  std::unique_ptr<group> subject;
  std::uint64_t away_until_ms = 0; ///< Crashed or frozen until then.
  epoch announced;

private:
  /// What the raft loop does when the store is full, with a probe that succeeds at once.
  void restart_after_full() {
    world_.note("full", id, 0);
    subject->abandon();
    subject.reset();
    store->discard_staged();
    disk->heal();
    start_group();
  }
  void start_group() {
    auto found = store->load(shard);
    TR_ASSERT(bool{found}, "memory journals load");
    if (found.value().term == 0)
      found = bootstrap_group(*store, shard, members_);
    group_options options;
    options.shard = shard;
    options.raft_id = id;
    options.election_timeout_ms = election_timeout_ms;
    options.seed = static_cast<unsigned>(world_.random_.next());
    options.truncate_entries = never;
    options.truncate_bytes = never;
    auto started = group::start(options, *store, *this, std::move(found).value(), world_.now_ms_);
    if (!started) {
      world_.violate("node " + std::to_string(id) + " does not start: " + started.error().detail);
      return;
    }
    subject = std::move(started).value();
  }

  raft_world& world_;
  const std::vector<group_member> members_;
};

raft_world::raft_world(std::size_t nodes, std::uint64_t seed, mutant planted)
    : random_(seed), planted_(planted) {
  std::vector<group_member> members;
  for (std::uint64_t id = 1; id <= nodes; ++id)
    members.push_back({id, std::to_string(id)});
  for (const auto& member : members) {
    nodes_.push_back(std::make_unique<node>(*this, member.raft_id, members));
    nodes_.back()->boot();
  }
}

raft_world::~raft_world() = default;

void raft_world::step() {
  now_ms_ += 1 + random_.below(step_ms_max);
  if (faults_)
    inject_faults();
  for (auto& each : nodes_)
    if (!each->up() && now_ms_ >= each->away_until_ms)
      each->boot();
  deliver();
  for (auto& each : nodes_)
    if (each->up() && now_ms_ >= each->away_until_ms)
      each->turn(!faults_ || chance(sync_chance));
  propose_some();
}

void raft_world::inject_faults() {
  auto& victim = *nodes_[random_.below(nodes_.size())];
  if (victim.up() && chance(crash_chance)) {
    victim.crash();
    // Half of them are back before an election is over.
    victim.away_until_ms = now_ms_ + random_.below(chance(500) ? pause_ms_max : step_ms_max);
  }
  if (victim.up() && chance(freeze_chance))
    victim.away_until_ms = now_ms_ + random_.below(pause_ms_max);
  if (victim.up() && chance(full_chance))
    victim.disk->fail_turn(1, errc::storage_full);
  if (victim.up() && chance(transfer_chance))
    victim.subject->transfer(0, now_ms_);
  if (chance(cut_chance)) {
    const auto other = 1 + random_.below(nodes_.size());
    cut_.insert({victim.id, other});
    if (chance(500)) // Else a one-way cut.
      cut_.insert({other, victim.id});
  }
  if (chance(mend_chance))
    cut_.clear();
}

void raft_world::post(std::uint64_t from, std::uint64_t to, std::string bytes) {
  audit_vote(bytes);
  if (cut_.contains({from, to}) || (faults_ && chance(drop_chance)))
    return;
  const auto arrival = [&] {
    return now_ms_ + 1 + random_.below(faults_ ? delay_ms_max : delay_calm_ms_max);
  };
  if (faults_ && chance(duplicate_chance))
    network_.emplace(arrival(), flight{to, bytes});
  network_.emplace(arrival(), flight{to, std::move(bytes)});
}

/// Auditor: a node votes for one candidate in a term, also when it forgot.
void raft_world::audit_vote(const std::string& bytes) {
  const auto sent = decode_raft_message(bytes);
  TR_ASSERT(bool{sent}, "we encoded it");
  const auto& fields = sent.value().fields;
  const bool asks = fields.type == RAFT_SHIM_REQUEST_VOTE;
  const bool grants = fields.type == RAFT_SHIM_REQUEST_VOTE_RESULT && fields.vote_granted;
  if (fields.pre_vote || (!asks && !grants))
    return;
  const auto voted_for = asks ? sent.value().from : sent.value().to;
  const auto [first, fresh] = votes_.try_emplace({sent.value().from, fields.term}, voted_for);
  if (!fresh && first->second != voted_for)
    violate("node " + std::to_string(sent.value().from) + " voted twice in term " +
            std::to_string(fields.term));
}

void raft_world::deliver() {
  while (!network_.empty() && network_.begin()->first <= now_ms_) {
    auto message = std::move(network_.extract(network_.begin()).mapped());
    auto& to = *nodes_[message.to - 1];
    trace_ = checksum(message.bytes, trace_);
    if (!to.up() || now_ms_ < to.away_until_ms)
      continue;
    const auto decoded = decode_raft_message(message.bytes);
    TR_ASSERT(bool{decoded}, "we sent it");
    to.subject->receive(decoded.value(), now_ms_);
  }
}

void raft_world::propose_some() {
  if (quiet_)
    return;
  for (auto& each : nodes_)
    if (each->up() && now_ms_ >= each->away_until_ms && each->announced != epoch{} &&
        chance(propose_chance))
      propose(*each);
}

void raft_world::propose(node& to) {
  const auto number = proposed_++;
  write_batch batch;
  batch.put("p" + std::to_string(number), std::to_string(number));
  batch.put("k" + std::to_string(number % batch_keys), std::to_string(number));
  auto payload = batch.encode();
  auto done = [this, number, payload](proposal_result result) {
    answered(number, payload, result);
  };
  to.subject->propose({to.announced, std::move(batch), std::move(payload), std::move(done)});
}

/// Auditor: one answer each, and acknowledged means on a majority of the disks.
void raft_world::answered(std::uint64_t number, const std::string& payload,
                          proposal_result result) {
  note("answer", number, static_cast<std::uint64_t>(result.status));
  if (++answers_[number] > 1)
    violate("proposal " + std::to_string(number) + " was answered twice");
  if (result.status != proposal_status::committed)
    return;
  const auto index = result.index.value();
  if (!acknowledged_.empty() && acknowledged_.rbegin()->first < number &&
      acknowledged_.rbegin()->second >= index)
    violate("proposal " + std::to_string(number) + " overtook an earlier one");
  acknowledged_[number] = index;
  const auto holders = std::count_if(nodes_.begin(), nodes_.end(), [&](const auto& each) {
    const auto& log = each->disk->groups[shard].log;
    const auto found = log.find(index);
    return found != log.end() && found->second.payload == payload;
  });
  if (2 * static_cast<std::size_t>(holders) <= nodes_.size())
    violate("proposal " + std::to_string(number) + " was acknowledged with " +
            std::to_string(holders) + " copies on disk");
}

/// Auditor: every replica applies the same sequence.
void raft_world::applied(std::uint64_t on, std::uint64_t index, const write_batch& batch) {
  const auto [first, fresh] = sequence_.try_emplace(index, batch.encode());
  if (!fresh && first->second != batch.encode())
    violate("node " + std::to_string(on) + " applied something else at " + std::to_string(index));
}

/// Auditor: a term has one leader.
void raft_world::led(std::uint64_t by, epoch term) {
  note("lead", by, term.value());
  const auto [first, fresh] = leader_of_.try_emplace(term.value(), by);
  if (!fresh)
    violate("term " + std::to_string(term.value()) + " was led twice, by " +
            std::to_string(first->second) + " and " + std::to_string(by));
}

void raft_world::note(std::string_view what, std::uint64_t a, std::uint64_t b) {
  trace_ = checksum(std::string{what} + ' ' + std::to_string(now_ms_) + ' ' + std::to_string(a) +
                        ' ' + std::to_string(b),
                    trace_);
}

void raft_world::violate(const std::string& what) {
  if (violation_.empty())
    violation_ = "at " + std::to_string(now_ms_) + " ms: " + what;
}

void raft_world::heal() {
  faults_ = false;
  cut_.clear();
  for (auto& each : nodes_) {
    each->away_until_ms = 0;
    each->disk->turns_until_failure = 0;
  }
}

raft_world::node* raft_world::leader() {
  for (auto& each : nodes_)
    if (each->up() && each->announced != epoch{})
      return each.get();
  return nullptr;
}

bool raft_world::await_leader(int steps_max) {
  for (int i = 0; i < steps_max && violation_.empty(); ++i) {
    if (leader() != nullptr)
      return true;
    step();
  }
  return false;
}

bool raft_world::crash_leader() {
  auto* found = leader();
  if (found == nullptr)
    return false;
  found->crash();
  found->away_until_ms = now_ms_ + pause_ms_max;
  return true;
}

bool raft_world::converged() const {
  const auto last = sequence_.empty() ? 0 : sequence_.rbegin()->first;
  return std::all_of(nodes_.begin(), nodes_.end(), [&](const auto& each) {
    if (!each->up() || each->subject->applied_index() != last || each->subject->pending() != 0)
      return false;
    const auto rows = each->store->rows().snapshot();
    return std::all_of(acknowledged_.begin(), acknowledged_.end(), [&](const auto& proposal) {
      const auto row = rows->get(shard, "p" + std::to_string(proposal.first));
      return row && row.value() == std::to_string(proposal.first);
    });
  });
}

bool raft_world::settle(int steps_max) {
  const auto before = acknowledged_.size();
  bool done = false;
  for (int i = 0; i < steps_max && violation_.empty() && !done; ++i) {
    // With new proposals all the time the followers would never be level.
    quiet_ = acknowledged_.size() > before;
    step();
    done = quiet_ && converged();
  }
  quiet_ = false;
  return done;
}

std::string raft_world::describe() const {
  std::string out;
  for (const auto& each : nodes_)
    out += "node " + std::to_string(each->id) +
           (each->up() ? ": term " + std::to_string(each->subject->term()) + ", last " +
                             std::to_string(each->subject->last_index()) + ", commit " +
                             std::to_string(each->subject->commit_index()) + ", applied " +
                             std::to_string(each->subject->applied_index()) + ", pending " +
                             std::to_string(each->subject->pending()) + ", leads " +
                             std::to_string(each->announced.value()) + "; "
                       : ": down; ");
  return out;
}

} // namespace troupe::test
