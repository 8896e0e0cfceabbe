#include "cluster/raft/group.hpp"

#include "base/assert.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe {
namespace {

constexpr std::size_t configuration_bytes_max = 4096;

/// The voters that a group starts with: the last configuration in its log, else the snapshot's.
result<std::vector<raft_shim_server>> configured_servers(const journal_group& found) {
  std::string_view encoded = found.snapshot.configuration;
  for (const auto& entry : found.entries)
    if (entry.kind == RAFT_SHIM_CHANGE)
      encoded = entry.payload;
  std::array<raft_shim_server, RAFT_SHIM_SERVERS_MAX> servers{};
  const auto count = raft_shim_decode_configuration(encoded.data(), encoded.size(), servers.data());
  if (count == 0)
    return error{errc::corrupt, "the group has no readable configuration"};
  return std::vector<raft_shim_server>(servers.begin(), servers.begin() + static_cast<int>(count));
}

} // namespace

result<journal_group> bootstrap_group(journal& store, shard_id shard,
                                      std::span<const group_member> members) {
  std::vector<raft_shim_server> servers;
  for (const auto& member : members)
    servers.push_back({member.raft_id, member.address.c_str(), true});
  std::string encoded(configuration_bytes_max, '\0');
  encoded.resize(raft_shim_encode_configuration(servers.data(), servers.size(), encoded.data(),
                                                encoded.size()));
  if (encoded.empty())
    return error{errc::invalid_argument, "these members make no raft configuration"};
  journal_group fresh;
  fresh.term = 1;
  fresh.entries.push_back({1, RAFT_SHIM_CHANGE, std::move(encoded)});
  store.stage_vote(shard, fresh.term, 0);
  store.stage_append(shard, 1, fresh.entries);
  return fresh;
}

group::group(const group_options& options, journal& store, group_host& host)
    : options_(options), store_(store), host_(host) {}

group::~group() = default;

result<std::unique_ptr<group>> group::start(const group_options& options, journal& store,
                                            group_host& host, journal_group found,
                                            std::uint64_t now_ms) {
  std::unique_ptr<group> made{new group{options, store, host}};
  TR_TRY(made->start_core(std::move(found), now_ms));
  return made;
}

result<void> group::start_core(journal_group found, std::uint64_t now_ms) {
  TR_TRY(const auto servers, configured_servers(found));
  const bool self_is_sole_voter =
      servers.size() == 1 && servers[0].id == options_.raft_id && servers[0].voter;
  has_peers_ = !self_is_sole_voter;
  if (self_is_sole_voter) {
    found.term += 1;
    found.voted_for = options_.raft_id;
    store_.stage_vote(options_.shard, found.term, found.voted_for);
    vote_unsaved_ = true;
  }
  const auto address = std::to_string(options_.raft_id);
  const raft_shim_options core{options_.raft_id, address.c_str(), options_.election_timeout_ms,
                               options_.heartbeat_ms, options_.seed};
  shim_.reset(raft_shim_create(&core));
  if (!shim_)
    return error{errc::internal, "out of memory for a raft group"};

  std::vector<raft_shim_entry> entries;
  entries.reserve(found.entries.size());
  for (const auto& entry : found.entries)
    entries.push_back({entry.term, entry.kind, entry.payload.data(), entry.payload.size()});
  const auto& point = found.snapshot;
  const raft_shim_snapshot_point snapshot{point.index, point.term, point.configuration_index,
                                          point.configuration.data(), point.configuration.size()};
  raft_shim_update update{};
  raft_shim_start(shim_.get(), found.term, found.voted_for, &snapshot, found.first_index,
                  entries.data(), entries.size(), now_ms, &update);
  if (update.status != RAFT_SHIM_OK)
    return error{errc::corrupt, raft_shim_reason(shim_.get())};
  const auto last = found.first_index + found.entries.size() - 1;
  if (found.applied_index < point.index || found.applied_index > last)
    return error{errc::corrupt, "the rows on disk do not belong to this log"};
  load_tail(found);
  absorb(update, now_ms);
  unsettled_ = true;
  return boost::outcome_v2::success();
}

/// Keeps of the loaded log what is still to be applied or, with peers, may be asked for.
void group::load_tail(journal_group& found) {
  applied_index_ = found.applied_index;
  snapshot_index_ = found.snapshot.index;
  tail_first_ = has_peers_ ? found.first_index : applied_index_ + 1;
  for (std::size_t i = 0; i < found.entries.size(); ++i) {
    auto& entry = found.entries[i];
    const auto index = found.first_index + i;
    if (index > snapshot_index_ && index <= applied_index_)
      applied_bytes_ += entry.payload.size();
    if (index < tail_first_)
      continue;
    log_entry kept;
    kept.term = entry.term;
    kept.kind = entry.kind;
    kept.bytes = entry.payload.size();
    kept.payload = std::move(entry.payload);
    tail_.push_back(std::move(kept));
  }
}

void group::propose(proposal wanted) {
  if (stopped_ || leading_ == epoch{} || wanted.expected != leading_) {
    wanted.done({proposal_status::not_leader, {}});
    return;
  }
  queued_.push_back(std::move(wanted));
}

void group::submit(std::uint64_t now_ms) {
  if (stopped_ || queued_.empty() || raft_shim_transferee(shim_.get()) != 0)
    return;
  submitting_.clear();
  for (const auto& wanted : queued_)
    submitting_.push_back({term_, RAFT_SHIM_COMMAND, wanted.payload.data(), wanted.payload.size()});
  raft_shim_update update{};
  raft_shim_submit(shim_.get(), submitting_.data(), static_cast<std::uint32_t>(submitting_.size()),
                   now_ms, &update);
  auto taken = std::exchange(queued_, {});
  if (update.status != RAFT_SHIM_OK) {
    for (auto& wanted : taken)
      wanted.done({proposal_status::not_leader, {}});
    absorb(update, now_ms);
    return;
  }
  std::vector<journal_entry> staged;
  staged.reserve(taken.size());
  for (auto& wanted : taken) {
    log_entry entry;
    entry.term = term_;
    entry.kind = RAFT_SHIM_COMMAND;
    entry.own = true;
    entry.bytes = wanted.payload.size();
    entry.batch = std::move(wanted.batch);
    entry.done = std::move(wanted.done);
    if (has_peers_)
      entry.payload = wanted.payload;
    staged.push_back({term_, RAFT_SHIM_COMMAND, std::move(wanted.payload)});
    tail_.push_back(std::move(entry));
    ++pending_;
  }
  store_.stage_append(options_.shard, update.entries_first, std::move(staged));
  absorb(update, now_ms);
  taken.clear();
  if (queued_.empty())
    queued_.swap(taken); // Keeps the memory for the next turn.
}

void group::submit_barrier(std::uint64_t now_ms) {
  static constexpr std::string_view nothing{"\0\0\0\0\0\0\0\0", 8};
  const raft_shim_entry barrier{term_, RAFT_SHIM_BARRIER, nothing.data(), nothing.size()};
  raft_shim_update update{};
  raft_shim_submit(shim_.get(), &barrier, 1, now_ms, &update);
  if (update.status == RAFT_SHIM_OK) {
    log_entry entry;
    entry.term = term_;
    entry.kind = RAFT_SHIM_BARRIER;
    entry.payload = nothing;
    entry.bytes = nothing.size();
    tail_.push_back(std::move(entry));
    store_.stage_append(options_.shard, update.entries_first,
                        {{term_, RAFT_SHIM_BARRIER, std::string{nothing}}});
  }
  absorb(update, now_ms);
}

void group::tick(std::uint64_t now_ms) {
  if (stopped_ || now_ms < deadline_ms_)
    return;
  raft_shim_update update{};
  raft_shim_timeout(shim_.get(), now_ms, &update);
  absorb(update, now_ms);
}

void group::transfer(std::uint64_t to, std::uint64_t now_ms) {
  if (stopped_)
    return;
  raft_shim_update update{};
  raft_shim_transfer(shim_.get(), to, now_ms, &update);
  absorb(update, now_ms);
}

/// Takes over what a step asked for. Invalidates `update` when it makes us leader.
void group::absorb(const raft_shim_update& update, std::uint64_t now_ms) {
  if (update.status == RAFT_SHIM_POISONED) {
    stop(raft_shim_reason(shim_.get()));
    return;
  }
  const bool leads = update.state == RAFT_SHIM_LEADER;
  if (led_term_ != 0 && (!leads || update.term != led_term_))
    abandon();
  if (update.entries_first != 0 || update.vote_changed || update.commit_index != commit_index_ ||
      update.persisted_index != persisted_index_)
    unsettled_ = true;
  term_ = update.term;
  commit_index_ = update.commit_index;
  last_index_ = update.last_index;
  persisted_index_ = update.persisted_index;
  deadline_ms_ = update.deadline_ms;
  store_vote(update);
  store_received(update);
  send_messages(update);
  if (leads && led_term_ == 0) {
    led_term_ = update.term;
    // The core adds an entry of its own term only when it inherits uncommitted ones.
    if (update.entries_first == 0)
      submit_barrier(now_ms);
  }
}

void group::store_vote(const raft_shim_update& update) {
  if (!update.vote_changed)
    return;
  store_.stage_vote(options_.shard, update.term, update.voted_for);
  vote_unsaved_ = true;
}

void group::settle(std::uint64_t now_ms) {
  if (stopped_)
    return;
  unsettled_ = false;
  vote_unsaved_ = false;
  for (auto& message : std::exchange(held_, {}))
    host_.send(message.to, std::move(message.bytes));
  if (last_index_ > persisted_index_) {
    raft_shim_update update{};
    raft_shim_persisted(shim_.get(), last_index_, now_ms, &update);
    absorb(update, now_ms);
    // What the step itself asked for has nothing to save; a later turn would settle it otherwise.
    unsettled_ = vote_unsaved_;
  }
  apply_committed(now_ms);
}

void group::apply_committed(std::uint64_t now_ms) {
  const auto until = std::min(commit_index_, persisted_index_);
  while (!stopped_ && applied_index_ < until) {
    const auto index = applied_index_ + 1;
    auto& entry = at(index);
    if (!apply_one(index, entry, now_ms))
      return;
    applied_index_ = index;
    applied_bytes_ += entry.bytes;
    if (led_term_ != 0 && entry.term == led_term_ && leading_ == epoch{}) {
      leading_ = epoch{led_term_};
      host_.leading(options_.shard, leading_);
    }
    if (entry.done) {
      --pending_;
      ++committed_;
      std::exchange(entry.done, nullptr)({proposal_status::committed, log_index{index}});
    }
    if (!has_peers_) {
      tail_.pop_front();
      ++tail_first_;
    }
  }
}

bool group::apply_one(std::uint64_t index, log_entry& entry, std::uint64_t now_ms) {
  if (entry.own) {
    store_.apply(options_.shard, index, entry.batch);
    entry.batch = {};
    return true;
  }
  if (entry.kind != RAFT_SHIM_COMMAND) {
    store_.apply(options_.shard, index, {});
    if (entry.kind == RAFT_SHIM_CHANGE && index > 1) {
      raft_shim_update update{};
      raft_shim_configuration(shim_.get(), index, entry.payload.data(), entry.payload.size(),
                              now_ms, &update);
      absorb(update, now_ms);
    }
    return !stopped_;
  }
  auto batch = write_batch::decode(entry.payload);
  if (!batch) {
    stop("entry " + std::to_string(index) + ": " + batch.error().detail);
    return false;
  }
  store_.apply(options_.shard, index, batch.value());
  return true;
}

void group::truncate(std::uint64_t now_ms) {
  const auto index = std::min(applied_index_, store_.flushed_index(options_.shard));
  if (stopped_ || index <= snapshot_index_)
    return;
  const auto entries = index - snapshot_index_;
  if (entries < options_.truncate_entries && applied_bytes_ < options_.truncate_bytes)
    return;
  const auto trailing =
      static_cast<unsigned>(std::min<std::uint64_t>(options_.trailing_entries, entries / 4));
  raft_shim_snapshot_point point{};
  std::uint64_t keep_from = 0;
  raft_shim_update update{};
  raft_shim_truncate(shim_.get(), index, trailing, now_ms, &point, &keep_from, &update);
  if (update.status == RAFT_SHIM_OK) {
    store_.stage_truncate(
        options_.shard,
        {point.index, point.term, point.configuration_index,
         std::string{static_cast<const char*>(point.configuration), point.configuration_size}},
        keep_from);
    snapshot_index_ = index;
    applied_bytes_ = 0;
    while (tail_first_ < keep_from && !tail_.empty()) {
      tail_.pop_front();
      ++tail_first_;
    }
  }
  if (update.status != RAFT_SHIM_REFUSED)
    absorb(update, now_ms);
}

void group::abandon() {
  const auto led = std::exchange(leading_, epoch{});
  led_term_ = 0;
  if (led != epoch{})
    host_.deposed(options_.shard, led);
  for (auto& entry : tail_)
    if (entry.done)
      std::exchange(entry.done, nullptr)({proposal_status::unknown, {}});
  pending_ = 0;
  for (auto& wanted : std::exchange(queued_, {}))
    wanted.done({proposal_status::not_leader, {}});
}

void group::stop(const std::string& reason) {
  if (stopped_)
    return;
  stopped_ = true;
  stop_reason_ = reason;
  log::error("raft",
             "group {} has STOPPED: {}; its shard is not served here until an operator acts",
             options_.shard.value(), reason);
  abandon();
}

group::log_entry& group::at(std::uint64_t index) {
  TR_ASSERT(index >= tail_first_ && index - tail_first_ < tail_.size(),
            "an entry that is not applied is in the tail");
  return tail_[index - tail_first_];
}

} // namespace troupe
