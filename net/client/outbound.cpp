#include "net/client/outbound.hpp"

#include "base/assert.hpp"
#include "net/client/curl_transfer.hpp"
#include "net/io_pool.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <curl/curl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>

// libcurl's sockets live in an epoll set of their own, and Asio waits on that one set. So a socket
// costs one epoll_ctl when libcurl changes its mind and nothing per event, many ready sockets cost
// one turn of the I/O loop, and no Asio object has to follow libcurl's opening and closing.
//
// One timer serves libcurl's own wish and all calls' deadlines. It only ever moves earlier; when it
// fires too early it is armed again. A call that makes progress never touches it.
namespace troupe::net {
namespace {

namespace asio = boost::asio;

constexpr long idle_connections_max = 64;
constexpr std::size_t idle_handles_max = 32;
constexpr int sockets_per_turn = 64;
constexpr int timeouts_per_turn = 8;

class curl_core;

class call final : public outbound_call, public std::enable_shared_from_this<call> {
public:
  call(std::weak_ptr<curl_core> core, asio::io_context& io, outbound_request request,
       std::shared_ptr<outbound_observer> observer)
      : transfer(std::move(request), std::move(observer)), core_(std::move(core)), io_(io) {}
  void cancel() override;

  // Touched only on the I/O thread.
  curl_transfer transfer;
  easy_handle easy;
  std::size_t place = 0; // In the core's list while `easy` is set.
  bool over = false;

private:
  std::weak_ptr<curl_core> core_;
  asio::io_context& io_;
  std::atomic<bool> cancelled_ = false;
};

/// Thread: the I/O thread, but the constructor. Lives until `shutdown` has run or the pool is gone.
class curl_core : public std::enable_shared_from_this<curl_core> {
public:
  curl_core(asio::io_context& io, unsigned calls_max);
  ~curl_core();
  curl_core(const curl_core&) = delete;
  curl_core& operator=(const curl_core&) = delete;

  void watch();
  void begin(const std::shared_ptr<call>& started);
  void end(const std::shared_ptr<call>& ended, result<void> outcome);
  void shutdown();

private:
  void on_ready();
  void on_timer();
  void act(curl_socket_t socket, int events);
  void settle();
  void collect_done();
  void sweep_late(steady_time now);
  void arm();
  void recycle(easy_handle easy);
  static int socket_callback(CURL* easy, curl_socket_t socket, int what, void* self, void* known);
  static int timer_callback(CURLM* multi, long delay_ms, void* self);

  const std::size_t calls_max_;
  CURLM* multi_ = nullptr;
  int sockets_ = -1; // The epoll set; owned by `ready_`.
  asio::posix::stream_descriptor ready_;
  asio::steady_timer timer_;
  steady_time armed_ = steady_time::max();
  steady_time curl_due_ = steady_time::max();
  deadline_board deadlines_;
  std::vector<std::shared_ptr<call>> calls_;
  std::vector<easy_handle> idle_;
  bool closed_ = false;
};

void call::cancel() {
  if (cancelled_.exchange(true) || core_.expired())
    return;
  asio::post(io_, [self = shared_from_this()] {
    if (const auto core = self->core_.lock())
      core->end(self, error{errc::cancelled, "cancelled"});
  });
}

curl_core::curl_core(asio::io_context& io, unsigned calls_max)
    : calls_max_(calls_max), ready_(io), timer_(io) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  multi_ = curl_multi_init();
  sockets_ = epoll_create1(EPOLL_CLOEXEC);
  TR_ASSERT(multi_ != nullptr && sockets_ >= 0, "no memory or descriptors for the outbound client");
  ready_.assign(sockets_);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &curl_core::socket_callback);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &curl_core::timer_callback);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, idle_connections_max);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, long{CURLPIPE_MULTIPLEX});
}

curl_core::~curl_core() {
  for (const auto& open : calls_)
    curl_multi_remove_handle(multi_, open->easy.get());
  idle_.clear();
  curl_multi_cleanup(multi_);
}

void curl_core::watch() {
  ready_.async_wait(asio::posix::stream_descriptor::wait_read,
                    [self = shared_from_this()](const boost::system::error_code& failed) {
                      if (failed || self->closed_)
                        return;
                      self->on_ready();
                      self->watch();
                    });
}

void curl_core::begin(const std::shared_ptr<call>& started) {
  if (closed_)
    return end(started, error{errc::cancelled, "the client is closed"});
  if (calls_.size() >= calls_max_)
    return end(started, error{errc::overloaded, "too many outbound calls in flight"});
  easy_handle easy;
  if (idle_.empty()) {
    easy = make_easy_handle();
  } else {
    easy = std::move(idle_.back());
    idle_.pop_back();
  }
  if (!easy)
    return end(started, error{errc::overloaded, "no memory for an outbound call"});
  if (auto attached = started->transfer.attach(easy.get(), deadlines_); !attached) {
    recycle(std::move(easy));
    return end(started, attached.error());
  }
  started->easy = std::move(easy);
  started->place = calls_.size();
  calls_.push_back(started);
  curl_easy_setopt(started->easy.get(), CURLOPT_PRIVATE, started.get());
  if (curl_multi_add_handle(multi_, started->easy.get()) != CURLM_OK)
    return end(started, error{errc::internal, "libcurl refused the call"});
  act(CURL_SOCKET_TIMEOUT, 0);
  settle();
}

void curl_core::end(const std::shared_ptr<call>& ended, result<void> outcome) {
  if (ended->over)
    return;
  ended->over = true;
  if (ended->easy) {
    // An unfinished transfer takes its connection (HTTP/2: its stream) with it.
    curl_multi_remove_handle(multi_, ended->easy.get());
    recycle(std::move(ended->easy));
    calls_.back()->place = ended->place;
    std::swap(calls_[ended->place], calls_.back());
    calls_.pop_back();
  }
  ended->transfer.finish(std::move(outcome));
}

void curl_core::recycle(easy_handle easy) {
  if (idle_.size() >= idle_handles_max)
    return;
  curl_transfer::detach(easy.get());
  idle_.push_back(std::move(easy));
}

void curl_core::shutdown() {
  closed_ = true;
  while (!calls_.empty())
    end(std::shared_ptr<call>{calls_.back()}, error{errc::cancelled, "the client is closed"});
  boost::system::error_code ignored;
  ready_.cancel(ignored);
  timer_.cancel();
}

void curl_core::act(curl_socket_t socket, int events) {
  int running = 0;
  curl_multi_socket_action(multi_, socket, events, &running);
}

void curl_core::on_ready() {
  std::array<epoll_event, sockets_per_turn> ready;
  const int count = epoll_wait(sockets_, ready.data(), sockets_per_turn, 0);
  for (int i = 0; i < count; ++i) {
    const auto& event = ready[static_cast<std::size_t>(i)];
    const int events = ((event.events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                       ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                       ((event.events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
    act(event.data.fd, events);
  }
  settle();
}

void curl_core::on_timer() {
  armed_ = steady_time::max();
  settle();
}

void curl_core::settle() {
  const auto now = std::chrono::steady_clock::now();
  for (int turn = 0; curl_due_ <= now && turn < timeouts_per_turn; ++turn) {
    curl_due_ = steady_time::max();
    act(CURL_SOCKET_TIMEOUT, 0);
  }
  collect_done();
  if (deadlines_.earliest <= now)
    sweep_late(now);
  arm();
}

void curl_core::collect_done() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE)
      continue;
    const CURLcode code = message->data.result; // The message dies with the handle's removal.
    call* done = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &done);
    TR_ASSERT(done != nullptr, "a finished handle belongs to no call");
    end(done->shared_from_this(), done->transfer.outcome(code));
  }
}

void curl_core::sweep_late(steady_time now) {
  std::vector<std::shared_ptr<call>> late;
  deadlines_ = {};
  for (const auto& open : calls_) {
    if (open->transfer.deadline() <= now)
      late.push_back(open);
    else
      deadlines_.observe(open->transfer.deadline());
  }
  for (const auto& each : late)
    end(each, each->transfer.deadline_error());
}

void curl_core::arm() {
  const auto wanted = std::min(curl_due_, deadlines_.earliest);
  if (closed_ || wanted >= armed_)
    return;
  armed_ = wanted;
  timer_.expires_at(wanted);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& failed) {
    if (!failed && !self->closed_)
      self->on_timer();
  });
}

int curl_core::socket_callback(CURL*, curl_socket_t socket, int what, void* self, void* known) {
  auto& core = *static_cast<curl_core*>(self);
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(core.sockets_, EPOLL_CTL_DEL, socket, nullptr);
    return 0;
  }
  epoll_event wanted{};
  wanted.data.fd = socket;
  wanted.events =
      ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0u) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0u);
  const int operation = known == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (epoll_ctl(core.sockets_, operation, socket, &wanted) != 0)
    return -1; // Without events the call would only end at its deadline: let libcurl end it now.
  if (known == nullptr)
    curl_multi_assign(core.multi_, socket, self);
  return 0;
}

int curl_core::timer_callback(CURLM*, long delay_ms, void* self) {
  static_cast<curl_core*>(self)->curl_due_ =
      delay_ms < 0 ? steady_time::max()
                   : std::chrono::steady_clock::now() + std::chrono::milliseconds{delay_ms};
  return 0;
}

class client final : public outbound_client {
public:
  client(asio::io_context& io, unsigned calls_max)
      : io_(io), core_(std::make_shared<curl_core>(io, calls_max)) {
    asio::post(io_, [core = core_] { core->watch(); });
  }
  ~client() override {
    asio::post(io_, [core = std::move(core_)] { core->shutdown(); });
  }
  std::shared_ptr<outbound_call> start(outbound_request request,
                                       std::shared_ptr<outbound_observer> observer) override {
    auto started = std::make_shared<call>(core_, io_, std::move(request), std::move(observer));
    asio::post(io_, [core = core_, started] { core->begin(started); });
    return started;
  }

private:
  asio::io_context& io_;
  std::shared_ptr<curl_core> core_;
};

} // namespace

std::unique_ptr<outbound_client> make_outbound_client(io_pool& pool, unsigned calls_max) {
  return std::make_unique<client>(pool.main(), calls_max);
}

} // namespace troupe::net
