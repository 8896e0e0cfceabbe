#pragma once

#include "net/asio.hpp"

#include <boost/beast/core/flat_buffer.hpp>

#include <functional>
#include <memory>

namespace troupe::net {

/// Looks at a connection's reading side while its answer is being made: nothing reads there then,
/// and a client that leaves would go unnoticed. Requests pipelined meanwhile are read into the
/// connection's buffer as far as it goes, because a FIN comes behind them.
///
/// Thread: the connection's. `socket` and `buffer` must stay until `stop`, and nobody else may read
/// from them until then.
class peer_watch : public std::enable_shared_from_this<peer_watch> {
public:
  struct events {
    /// The client sends no more (FIN). It may still read; whether it does, a write will tell.
    std::function<void()> half_closed;
    /// The connection was reset: the last call.
    std::function<void()> gone;
  };
  peer_watch(tcp_socket& socket, boost::beast::flat_buffer& buffer, events tell)
      : socket_(socket), buffer_(buffer), tell_(std::move(tell)) {}

  void start() { wait(tcp_socket::wait_read); }
  /// No event comes after it.
  void stop();

private:
  void wait(tcp_socket::wait_type what);
  void on_readable();
  void on_trouble();
  void end();

  tcp_socket& socket_;
  boost::beast::flat_buffer& buffer_;
  events tell_;
  bool waiting_ = false;
  bool stopped_ = false;
};

} // namespace troupe::net
