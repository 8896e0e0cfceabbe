#include "net/http/server.hpp"

#include "base/log.hpp"
#include "net/http/http_session.hpp"
#include "net/http/port_holder.hpp"
#include "net/http/response_text.hpp"
#include "net/http/server_core.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <future>

namespace troupe::net {

namespace {

constexpr int accept_backlog = 1024;
/// After an error that will not go by itself at once (no descriptors left).
constexpr std::chrono::milliseconds accept_pause{100};
/// How long the destructor waits for connections that were ended.
constexpr unsigned shutdown_slices_max = 100;
constexpr unsigned shutdown_slice_ms = 50;

error port_error(const listen_address& address, const error_code& failed) {
  const auto where = fmt::format("{}:{}", address.ip, address.port);
  if (failed == asio::error::access_denied)
    return {errc::forbidden,
            fmt::format("may not listen on {}: {}; choose a port from 1024 on with --port", where,
                        failed.message())};
  if (failed != asio::error::address_in_use)
    return {errc::invalid_argument,
            fmt::format("cannot listen on {}: {}", where, failed.message())};
  if (const auto holder = find_port_holder(address.port))
    return {errc::already_exists,
            fmt::format("port {0} is taken by {1} (pid {2}): choose another with --port, or stop "
                        "pid {2} ({1})",
                        address.port, holder->command, holder->pid)};
  return {errc::already_exists,
          fmt::format("port {} is taken by a process of another user: choose another with --port",
                      address.port)};
}

result<tcp_acceptor> bind_to(io_pool& pool, const listen_address& address) {
  error_code failed;
  const auto ip = asio::ip::make_address(address.ip, failed);
  if (failed)
    return error{errc::invalid_argument, fmt::format("'{}' is not an IP address", address.ip)};
  tcp_acceptor acceptor{pool.main().get_executor()};
  const tcp::endpoint endpoint{ip, address.port};
  const auto step = [&](auto&& operation) {
    if (!failed)
      operation();
  };
  step([&] { acceptor.open(endpoint.protocol(), failed); });
  step([&] { acceptor.set_option(asio::socket_base::reuse_address{true}, failed); });
  if (ip.is_v6())
    step([&] { acceptor.set_option(asio::ip::v6_only{!ip.is_unspecified()}, failed); });
  step([&] { acceptor.bind(endpoint, failed); });
  step([&] { acceptor.listen(accept_backlog, failed); });
  if (failed)
    return port_error(address, failed);
  return acceptor;
}

peer_address peer_of(const tcp::endpoint& from) {
  auto ip = from.address();
  if (ip.is_v6() && ip.to_v6().is_v4_mapped())
    ip = asio::ip::make_address_v4(asio::ip::v4_mapped, ip.to_v6());
  return {ip.to_string(), from.port(), ip.is_loopback()};
}

/// Answers without reading. The client may have sent something already, and then the reset can eat
/// the answer: under overload that is the right price.
void turn_away(tcp_socket& socket) {
  auto response = busy_response(503, "Service Unavailable: too many connections");
  const auto text =
      response_head(response, after_response::close, std::time(nullptr)) + response.body;
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.send(asio::buffer(text), 0, ignored);
  socket.shutdown(tcp_socket::shutdown_send, ignored);
}

/// The listening socket and the loop that accepts.
/// Thread: the main context's, but for `stop`.
class listener : public std::enable_shared_from_this<listener> {
public:
  listener(std::shared_ptr<server_core> core, tcp_acceptor acceptor)
      : core_(std::move(core)), acceptor_(std::move(acceptor)), pause_(acceptor_.get_executor()) {}

  void start() {
    asio::co_spawn(
        acceptor_.get_executor(), [self = shared_from_this()] { return self->accept_all(); },
        [self = shared_from_this()](const std::exception_ptr& failure) {
          if (failure)
            log::error("http", "accepting ended by an exception");
          self->stopped_.set_value();
        });
  }

  /// Thread: outside the pool. Returns when nothing is accepted any more.
  void stop() {
    if (std::exchange(asked_to_stop_, true) || !core_->pool.running())
      return;
    asio::post(acceptor_.get_executor(), [self = shared_from_this()] {
      self->stopping_ = true;
      error_code ignored;
      self->acceptor_.close(ignored);
      self->pause_.cancel();
    });
    stopped_.get_future().wait_for(std::chrono::seconds{5});
  }

private:
  task<void> accept_all() {
    while (!stopping_) {
      tcp_socket socket{core_->pool.next().get_executor()};
      tcp::endpoint from;
      const auto [failed] = co_await acceptor_.async_accept(socket, from, use_task);
      if (!failed)
        take(std::move(socket), from);
      else if (!stopping_)
        co_await wait_after(failed);
    }
  }

  task<void> wait_after(error_code failed) {
    if (failed == asio::error::connection_aborted)
      co_return;
    log::warn("http", "cannot accept a connection: {}", failed.message());
    pause_.expires_after(accept_pause);
    (void)co_await pause_.async_wait(use_task);
  }

  void take(tcp_socket socket, const tcp::endpoint& from) {
    auto slot = core_->take_connection();
    if (!slot)
      return turn_away(socket);
    const auto where = socket.get_executor();
    auto session =
        std::make_shared<http_session>(core_, std::move(slot), std::move(socket), peer_of(from));
    // From here on it belongs to its own thread.
    asio::post(where, [session = std::move(session)]() mutable {
      http_session::start(std::move(session));
    });
  }

  const std::shared_ptr<server_core> core_;
  tcp_acceptor acceptor_;
  timer pause_;
  bool stopping_ = false;
  bool asked_to_stop_ = false; ///< Touched by the server's owner only.
  std::promise<void> stopped_;
};

class beast_server final : public server {
public:
  beast_server(std::shared_ptr<server_core> core, tcp_acceptor acceptor) : core_(std::move(core)) {
    error_code ignored;
    port_ = acceptor.local_endpoint(ignored).port();
    listener_ = std::make_shared<listener>(core_, std::move(acceptor));
    listener_->start();
  }

  /// Connections refer to the sink: none may be left that can still call it.
  ~beast_server() override {
    listener_->stop();
    for (unsigned i = 0; i < shutdown_slices_max && core_->pool.running(); ++i) {
      core_->end_all(ending::abort);
      if (core_->wait_until_empty(shutdown_slice_ms))
        return;
    }
    if (core_->pool.running())
      log::error("http", "{} connections did not end in time", core_->connections());
  }

  std::uint16_t port() const override { return port_; }
  void stop_accepting() override { listener_->stop(); }
  void close_all() override { core_->end_all(ending::restart); }
  std::size_t connections() const override { return core_->connections(); }
  server_counters counters() const override { return core_->counters(); }

private:
  const std::shared_ptr<server_core> core_;
  std::shared_ptr<listener> listener_;
  std::uint16_t port_ = 0;
};

} // namespace

result<std::unique_ptr<server>> listen(io_pool& pool, const listen_address& address,
                                       const server_limits& limits, request_sink& sink) {
  TR_TRY(auto acceptor, bind_to(pool, address));
  return std::unique_ptr<server>{std::make_unique<beast_server>(
      std::make_shared<server_core>(pool, limits, sink), std::move(acceptor))};
}

} // namespace troupe::net
