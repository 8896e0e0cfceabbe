#include "actors/bridge/commit_queue.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <algorithm>

namespace troupe {

void commit_queue::commit(write_batch batch, std::function<void()> then) {
  const auto ticket = ++tickets_;
  const bool nothing_to_write = batch.empty();
  waiting_.push_back({ticket, nothing_to_write, std::move(then)});
  if (nothing_to_write) {
    run_due();
    return;
  }
  log_->propose(shard_, term_, std::move(batch), [owner = owner_, ticket](proposal_result outcome) {
    if (auto actor = caf::actor_cast<caf::actor>(owner))
      caf::anon_send(
          actor, proposal_settled{ticket, static_cast<int>(outcome.status), outcome.index.value()});
  });
}

bool commit_queue::settled(const proposal_settled& report) {
  if (static_cast<proposal_status>(report.status) != proposal_status::committed) {
    failed_ = true;
    return false;
  }
  const auto found = std::ranges::find(waiting_, report.ticket, &entry::ticket);
  if (found != waiting_.end())
    found->done = true;
  run_due();
  return !failed_;
}

void commit_queue::run_due() {
  if (running_)
    return; // `then` may commit again; the outer call goes on.
  running_ = true;
  while (!failed_ && !waiting_.empty() && waiting_.front().done) {
    const auto then = std::move(waiting_.front().then);
    waiting_.pop_front();
    then();
  }
  running_ = false;
}

} // namespace troupe
