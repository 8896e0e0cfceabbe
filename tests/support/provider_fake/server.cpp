#include "tests/support/provider_fake/server.hpp"

#include "tests/support/provider_fake/connection.hpp"
#include "tests/support/provider_fake/journal.hpp"
#include "tests/support/provider_fake/reply.hpp"
#include "tests/support/provider_fake/wire.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <unordered_map>

// One thread and one epoll set, without a framework: in benchmarks the fake shares two cores with
// what is measured, so a call may cost it a few system calls and nothing else.
namespace troupe::test {
namespace {

using std::chrono::steady_clock;

constexpr int events_per_turn = 64;
constexpr int backlog = 1'024;

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

int listen_on(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(fd, backlog) != 0)
    die("provider_fake: listen");
  return fd;
}

} // namespace

struct provider_fake::impl {
  using timer = std::pair<steady_clock::time_point, int>;

  explicit impl(const provider_fake_options& options)
      : options_(options), listener_(listen_on(options.port)), epoll_(epoll_create1(EPOLL_CLOEXEC)),
        wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        zero_(write_zero_reply(options.reply_bytes)) {
    watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
    watch(wake_, EPOLLIN, EPOLL_CTL_ADD);
  }
  ~impl() {
    connections_.clear();
    close(wake_);
    close(epoll_);
    close(listener_);
  }

  void watch(int fd, std::uint32_t events, int operation) const {
    epoll_event wanted{};
    wanted.events = events;
    wanted.data.fd = fd;
    if (epoll_ctl(epoll_, operation, fd, &wanted) != 0)
      die("provider_fake: epoll_ctl");
  }

  void run() {
    for (;;) {
      std::array<epoll_event, events_per_turn> ready;
      const int count = epoll_wait(epoll_, ready.data(), events_per_turn, wait_ms());
      for (int i = 0; i < count; ++i) {
        const auto& event = ready[static_cast<std::size_t>(i)];
        if (event.data.fd == wake_)
          return;
        if (event.data.fd == listener_)
          accept_all();
        else
          on_event(event.data.fd, event.events);
      }
      run_due();
    }
  }

  int wait_ms() const {
    if (timers_.empty())
      return -1;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first - steady_clock::now());
    return static_cast<int>(std::max<std::int64_t>(0, left.count()));
  }

  void accept_all() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0)
        return;
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      connections_.emplace(fd, std::make_unique<connection>(fd));
      watch(fd, EPOLLIN | EPOLLRDHUP, EPOLL_CTL_ADD);
    }
  }

  void on_event(int fd, std::uint32_t events) {
    const auto found = connections_.find(fd);
    if (found == connections_.end())
      return;
    auto& client = *found->second;
    if ((events & EPOLLIN) != 0 && !client.receive())
      return drop(client, "closed_by_client");
    if ((events & (EPOLLERR | EPOLLHUP)) != 0)
      return drop(client, "closed_by_client");
    if (client.answering())
      advance(client);
    else
      take_requests(client);
  }

  void run_due() {
    const auto now = steady_clock::now();
    while (!timers_.empty() && timers_.begin()->first <= now) {
      const int fd = timers_.begin()->second;
      timers_.erase(timers_.begin());
      auto& client = *connections_.at(fd);
      client.waiting = false;
      push_step(client);
      advance(client);
    }
  }

  void drop(connection& client, const char* end) {
    journal_.close(client.entry, end);
    if (client.waiting)
      timers_.erase({client.due, client.fd});
    connections_.erase(client.fd); // Closing takes it out of the epoll set.
  }

  // One at a time: the next request waits until the answer before it is out.
  void take_requests(connection& client) {
    while (!client.answering()) {
      raw_request request;
      const auto state = read_request(client.in, request);
      if (state == request_state::malformed)
        return drop(client, "closed_by_client");
      if (state == request_state::incomplete)
        return;
      start_answer(client, request);
      client.in.erase(0, request.bytes);
      if (!advance_once(client))
        return;
    }
  }

  void start_answer(connection& client, const raw_request& request) {
    client.steps.clear();
    client.next_step = 0;
    if (request.method == "POST" && request.path.find("/chat/completions") != request.path.npos)
      return start_chat(client, request);
    if (request.method == "POST" && request.path.ends_with("/v1/messages"))
      return start_message(client, request);
    if (request.path == "/stats")
      client.out += write_json_response(200, journal_.stats_json(connections_.size()));
    else if (request.path == "/log")
      client.out += write_json_response(200, journal_.log_json());
    else if (request.path == "/reset")
      journal_.reset();
    if (client.out.empty())
      client.out += write_json_response(request.path == "/reset" ? 200 : 404, "{}");
  }

  void start_chat(connection& client, const raw_request& request) {
    auto body = client.in.substr(request.body_at, request.bytes - request.body_at);
    const auto call = read_chat_call(body);
    if (!call) {
      client.out += write_json_response(400, R"({"error":{"message":"not a chat request"}})");
      return;
    }
    const auto attempt = journal_.count(*call);
    if (call->model == "fake-zero" && call->user_text.find('#') == std::string::npos) {
      client.entry = journal_.open(*call, attempt, 200, request.authorized);
      client.out += zero_;
      return;
    }
    start_reply(client, request, *call, attempt);
  }

  void start_message(connection& client, const raw_request& request) {
    const auto body = client.in.substr(request.body_at, request.bytes - request.body_at);
    const auto wire = make_wire(chat_api::anthropic);
    std::string wrong;
    const auto call = read_messages_call(body, wrong);
    if (!request.authorized)
      client.out += write_json_response(401, wire->refusal(401, "x-api-key header is required"));
    else if (!request.has_version)
      client.out += write_json_response(400, wire->refusal(400, "anthropic-version: required"));
    else if (!call)
      client.out += write_json_response(400, wire->refusal(400, wrong));
    else
      start_reply(client, request, *call, journal_.count(*call));
  }

  void start_reply(connection& client, const raw_request& request, const chat_call& call,
                   unsigned attempt) {
    auto answer = write_reply(call, attempt, options_.reply_bytes);
    client.entry = journal_.open(call, attempt, answer.status, request.authorized);
    client.steps = std::move(answer.steps);
  }

  void push_step(connection& client) {
    auto& step = client.steps[client.next_step++];
    client.out += step.bytes;
    client.close_after_flush = step.close;
  }

  // Goes as far as time and the socket allow, then on to the next request.
  void advance(connection& client) {
    if (advance_once(client))
      take_requests(client);
  }

  // True: the answer is out, and the connection still there.
  bool advance_once(connection& client) {
    for (;;) {
      if (!client.flush()) {
        drop(client, "closed_by_client");
        return false;
      }
      watch_output(client, client.sent < client.out.size());
      if (client.watches_output || client.waiting)
        return false;
      if (client.close_after_flush) {
        drop(client, "disconnected");
        return false;
      }
      if (client.next_step == client.steps.size())
        break;
      const auto delay = client.steps[client.next_step].delay;
      if (delay.count() > 0) {
        client.waiting = true;
        client.due = steady_clock::now() + delay;
        timers_.insert({client.due, client.fd});
        return false;
      }
      push_step(client);
    }
    journal_.close(client.entry, "done");
    client.entry = 0;
    return true;
  }

  void watch_output(connection& client, bool wanted) {
    if (client.watches_output == wanted)
      return;
    client.watches_output = wanted;
    watch(client.fd, EPOLLIN | EPOLLRDHUP | (wanted ? EPOLLOUT : 0u), EPOLL_CTL_MOD);
  }

  const provider_fake_options options_;
  const int listener_;
  const int epoll_;
  const int wake_;
  const std::string zero_;
  call_journal journal_;
  std::unordered_map<int, std::unique_ptr<connection>> connections_;
  std::set<timer> timers_;
};

provider_fake::provider_fake(const provider_fake_options& options)
    : impl_(std::make_unique<impl>(options)) {}
provider_fake::~provider_fake() = default;

std::uint16_t provider_fake::port() const {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (getsockname(impl_->listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    die("provider_fake: getsockname");
  return ntohs(address.sin_port);
}

void provider_fake::run() {
  impl_->run();
}

void provider_fake::stop() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(impl_->wake_, &one, sizeof one);
}

} // namespace troupe::test
