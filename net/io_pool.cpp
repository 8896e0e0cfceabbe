#include "net/io_pool.hpp"

#include "base/assert.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <pthread.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

namespace troupe::net {

namespace asio = boost::asio;

namespace {

/// One context and its thread. The hint 1 lets Asio skip the locks of its own queues.
struct lane {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(context);
  std::thread thread;
};

} // namespace

struct io_pool::impl {
  std::vector<std::unique_ptr<lane>> lanes;
  std::atomic<std::size_t> turn{0};
  std::atomic<bool> running{true};
  std::mutex stopping;
};

io_pool::io_pool(unsigned threads) : impl_(std::make_unique<impl>()) {
  for (unsigned i = 0; i < (threads == 0 ? 1 : threads); ++i) {
    auto& one = *impl_->lanes.emplace_back(std::make_unique<lane>());
    one.thread = std::thread{[&one] { one.context.run(); }};
    pthread_setname_np(one.thread.native_handle(), fmt::format("io-{}", i).c_str());
  }
}

io_pool::~io_pool() {
  stop();
}

asio::io_context& io_pool::next() {
  const auto turn = impl_->turn.fetch_add(1, std::memory_order_relaxed);
  return impl_->lanes[turn % impl_->lanes.size()]->context;
}

asio::io_context& io_pool::main() {
  return impl_->lanes.front()->context;
}

void io_pool::post(std::function<void()> work) {
  asio::post(main(), std::move(work));
}

bool io_pool::running() const {
  return impl_->running;
}

void io_pool::stop() {
  const std::lock_guard lock{impl_->stopping};
  for (auto& one : impl_->lanes)
    TR_ASSERT(one->thread.get_id() != std::this_thread::get_id(), "io_pool stopped from inside");
  for (auto& one : impl_->lanes)
    one->context.stop();
  for (auto& one : impl_->lanes)
    if (one->thread.joinable())
      one->thread.join();
  impl_->running = false;
}

} // namespace troupe::net
