#include "actors/bridge/commit_queue.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace troupe {

void commit_queue::commit(std::vector<write_batch> chunks, write_batch batch,
                          std::function<void()> then) {
  entry added;
  std::ranges::move(chunks, std::back_inserter(added.chunks));
  added.batch = std::move(batch);
  added.then = std::move(then);
  waiting_.push_back(std::move(added));
  propose_due();
  run_due();
}

std::uint64_t commit_queue::propose(write_batch batch) {
  const auto ticket = ++tickets_;
  ++open_;
  log_->propose(shard_, term_, std::move(batch), [owner = owner_, ticket](proposal_result outcome) {
    if (auto actor = caf::actor_cast<caf::actor>(owner))
      caf::anon_send(
          actor, proposal_settled{ticket, static_cast<int>(outcome.status), outcome.index.value()});
  });
  return ticket;
}

void commit_queue::propose_due() {
  while (!failed_ && proposed_ < waiting_.size()) {
    auto& next = waiting_[proposed_];
    while (!next.chunks.empty() && chunks_open_ < chunk_batches_open_max) {
      propose(std::move(next.chunks.front()));
      next.chunks.pop_front();
      ++chunks_open_;
    }
    if (chunks_open_ > 0)
      return;
    if (next.batch.empty())
      next.done = true;
    else
      next.ticket = propose(std::exchange(next.batch, {}));
    ++proposed_;
  }
}

bool commit_queue::settled(const proposal_settled& report) {
  --open_;
  if (static_cast<proposal_status>(report.status) != proposal_status::committed)
    failed_ = true;
  const auto found = std::ranges::find(waiting_, report.ticket, &entry::ticket);
  if (found != waiting_.end())
    found->done = true;
  else
    --chunks_open_;
  propose_due();
  run_due();
  return !failed_ || open_ > 0;
}

void commit_queue::run_due() {
  if (running_)
    return; // `then` may commit again; the outer call goes on.
  running_ = true;
  while (!failed_ && !waiting_.empty() && waiting_.front().done) {
    const auto then = std::move(waiting_.front().then);
    waiting_.pop_front();
    --proposed_;
    then();
  }
  running_ = false;
}

} // namespace troupe
