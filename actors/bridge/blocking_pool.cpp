#include "actors/bridge/blocking_pool.hpp"

namespace troupe {

blocking_pool::~blocking_pool() {
  {
    const std::scoped_lock lock{guard_};
    stopping_ = true;
    queue_.clear();
  }
  wake_.notify_all();
  for (auto& thread : threads_)
    thread.join();
}

bool blocking_pool::post(std::function<void()> work) {
  if (threads_max_ == 0) {
    work();
    return true;
  }
  {
    const std::scoped_lock lock{guard_};
    if (stopping_ || queue_.size() >= queued_max_)
      return false;
    queue_.push_back(std::move(work));
    if (queue_.size() > idle_ && threads_.size() < threads_max_)
      threads_.emplace_back([this] { run(); });
  }
  wake_.notify_one();
  return true;
}

void blocking_pool::run() {
  std::unique_lock lock{guard_};
  for (;;) {
    ++idle_;
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    --idle_;
    if (stopping_)
      return;
    auto work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
    work = nullptr; // What it holds is released outside the lock.
    lock.lock();
  }
}

} // namespace troupe
