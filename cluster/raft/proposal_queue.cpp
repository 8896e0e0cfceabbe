#include "cluster/raft/proposal_queue.hpp"

#include <iterator>

namespace troupe {

void proposal_queue::push(shard_id shard, proposal wanted) {
  bool wake = false;
  {
    const std::lock_guard lock{mutex_};
    const bool room = held_ < proposals_queued_max &&
                      held_bytes_ + wanted.payload.size() <= proposals_queued_bytes_max;
    if (!closed_ && room) {
      ++held_;
      held_bytes_ += wanted.payload.size();
      incoming_.push_back({shard, std::move(wanted)});
      wake = wake_at_ != 0 && incoming_.size() >= wake_at_;
    } else if (!closed_ && refused_.size() < proposals_refused_max) {
      refused_.push_back(std::move(wanted.done));
      wake = wake_at_ != 0;
    }
    if (wake)
      wake_at_ = 0;
  }
  if (wake)
    arrived_.notify_one();
  if (wanted.done)
    wanted.done({proposal_status::not_leader, {}});
}

void proposal_queue::close() {
  {
    const std::lock_guard lock{mutex_};
    closed_ = true;
    wake_at_ = 0;
  }
  arrived_.notify_one();
}

void proposal_queue::wait(std::size_t wanted, std::chrono::nanoseconds timeout) {
  std::unique_lock lock{mutex_};
  const auto ready = [&] { return closed_ || incoming_.size() >= wanted || !refused_.empty(); };
  if (ready() || timeout <= std::chrono::nanoseconds{0})
    return;
  wake_at_ = wanted;
  arrived_.wait_for(lock, timeout, ready);
  wake_at_ = 0;
}

bool proposal_queue::drain(std::deque<queued_proposal>& accepted,
                           std::vector<proposal_done>& refused) {
  const std::lock_guard lock{mutex_};
  std::move(incoming_.begin(), incoming_.end(), std::back_inserter(accepted));
  incoming_.clear();
  std::move(refused_.begin(), refused_.end(), std::back_inserter(refused));
  refused_.clear();
  return closed_;
}

void proposal_queue::release(std::size_t count, std::size_t bytes) {
  const std::lock_guard lock{mutex_};
  held_ -= count;
  held_bytes_ -= bytes;
}

} // namespace troupe
