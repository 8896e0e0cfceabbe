#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace troupe {

/// Threads for work that blocks on disks or processes, so that neither the actor scheduler nor an
/// I/O thread does. Threads start when first needed. (CAF's detached actors would be a thread each,
/// and their shutdown in 0.17.6 races.) Thread: any.
class blocking_pool {
public:
  /// `threads_max` 0: `post` runs the work itself, for tests on a hand-driven scheduler.
  blocking_pool(unsigned threads_max, std::size_t queued_max)
      : threads_max_(threads_max), queued_max_(queued_max) {}
  /// Waits for the work in progress; what is queued is dropped.
  ~blocking_pool();
  blocking_pool(const blocking_pool&) = delete;
  blocking_pool& operator=(const blocking_pool&) = delete;

  /// False when the queue is full: nothing will run. `work` must not throw.
  bool post(std::function<void()> work);

private:
  void run();

  const unsigned threads_max_;
  const std::size_t queued_max_;
  std::mutex guard_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  std::vector<std::thread> threads_;
  unsigned idle_ = 0;
  bool stopping_ = false;
};

} // namespace troupe
