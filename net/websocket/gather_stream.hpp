#pragma once

#include "net/asio.hpp"

#include <boost/asio/compose.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

/// The layer between Beast's WebSocket and the socket.
///
/// Beast writes each message with a system call of its own. A chat turn is some fifteen small
/// messages, so the writer says `hold(true)` while more are to come: small writes are then copied
/// into a buffer and complete at once, and the first write after `hold(false)` takes all along.
///
/// Invariant: Beast lets one write through at a time, so nothing is added to the buffer while it is
/// on its way. A pong or close of Beast's own may come in between: a close frame is never held
/// back.
namespace troupe::net {

inline constexpr std::size_t held_bytes_max = 16u << 10;

class gather_stream {
public:
  using executor_type = executor;
  using next_layer_type = tcp_socket;

  /// `early`: what was read behind the upgrade request.
  gather_stream(tcp_socket socket, std::string early)
      : socket_(std::move(socket)), early_(std::move(early)) {}

  executor_type get_executor() { return socket_.get_executor(); }
  next_layer_type& next_layer() { return socket_; }
  const next_layer_type& next_layer() const { return socket_; }

  void hold(bool more_to_come) { holding_ = more_to_come; }
  /// When the last piece began to be written: long ago while writing means that nobody reads.
  steady::time_point last_write_at() const { return last_write_at_; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    if (early_.empty())
      return socket_.async_read_some(buffers, std::forward<Token>(token));
    const auto bytes = asio::buffer_copy(buffers, asio::buffer(early_));
    early_.erase(0, bytes);
    if (early_.empty())
      early_.shrink_to_fit();
    return complete_later(bytes, std::forward<Token>(token));
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    last_write_at_ = steady::now();
    const auto bytes = asio::buffer_size(buffers);
    const bool fits = held_.size() + bytes <= held_bytes_max;
    const bool wait = holding_ && fits && !is_close(buffers);
    if (held_.empty() && !wait)
      return socket_.async_write_some(buffers, std::forward<Token>(token));
    if (fits)
      append(buffers);
    if (wait)
      return complete_later(bytes, std::forward<Token>(token));
    return asio::async_compose<Token, void(error_code, std::size_t)>(
        flush<Buffers>{*this, bytes,
                       fits ? std::optional<Buffers>{} : std::optional<Buffers>{buffers}},
        token, socket_);
  }

private:
  /// Writes what was held and then, where it did not fit in, the caller's own buffers.
  template <class Buffers>
  struct flush {
    gather_stream& stream;
    std::size_t bytes;
    std::optional<Buffers> rest;
    enum { held, own, done } step = held;

    template <class Self>
    void operator()(Self& self, error_code failed = {}, std::size_t count = 0) {
      if (step == held) {
        step = own;
        asio::async_write(stream.socket_, asio::buffer(stream.held_), std::move(self));
        return;
      }
      if (step == own) {
        std::string{}.swap(
            stream.held_); // Not kept, as assigning would: idle connections are many.
        if (failed || !rest)
          return self.complete(failed, failed ? 0 : bytes);
        step = done;
        const auto own_buffers = *rest;
        stream.socket_.async_write_some(own_buffers, std::move(self));
        return;
      }
      self.complete(failed, count);
    }
  };

  template <class Token>
  auto complete_later(std::size_t bytes, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this, bytes](auto handler) {
          asio::post(socket_.get_executor(),
                     boost::beast::bind_front_handler(std::move(handler), error_code{}, bytes));
        },
        token);
  }

  template <class Buffers>
  void append(const Buffers& buffers) {
    held_.reserve(first_bytes);
    for (const auto piece : boost::beast::buffers_range_ref(buffers))
      held_.append(static_cast<const char*>(piece.data()), piece.size());
  }

  /// With its terminating zero one page.
  static constexpr std::size_t first_bytes = 4095;

  /// A piece of a frame may begin like this, too: then it is only written earlier.
  template <class Buffers>
  static bool is_close(const Buffers& buffers) {
    constexpr unsigned char final_close = 0x88;
    for (const auto piece : boost::beast::buffers_range_ref(buffers))
      if (piece.size() > 0)
        return *static_cast<const unsigned char*>(piece.data()) == final_close;
    return false;
  }

  tcp_socket socket_;
  std::string early_;
  std::string held_;
  bool holding_ = false;
  steady::time_point last_write_at_ = steady::now();
};

/// Found by Beast through the argument's namespace. Beast's own teardown waits for the client's FIN
/// without a deadline; here the session decides whether and how long to wait.
inline void teardown(boost::beast::role_type, gather_stream& stream, error_code& failed) {
  stream.next_layer().shutdown(tcp_socket::shutdown_send, failed);
}

template <class Handler>
void async_teardown(boost::beast::role_type role, gather_stream& stream, Handler&& handler) {
  error_code failed;
  teardown(role, stream, failed);
  asio::post(stream.get_executor(),
             boost::beast::bind_front_handler(std::forward<Handler>(handler), failed));
}

} // namespace troupe::net
