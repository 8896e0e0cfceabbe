#pragma once

#include "base/result.hpp"
#include "net/client/ws_client.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>

/// The way to a connection for programs that do one thing at a time. Every step is an asynchronous
/// operation driven by `wait_for` to its end or its deadline: so one thread can wait for messages,
/// pings, the terminal and the clock at once.
namespace troupe::net::dial {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using time_point = std::chrono::steady_clock::time_point;
using tls_stream = beast::ssl_stream<beast::tcp_stream>;

inline time_point from_now(std::chrono::milliseconds wait) {
  return std::chrono::steady_clock::now() + wait;
}

/// Runs `context` until `done`, but not beyond `deadline`. True when done.
bool run_until(asio::io_context& context, const bool& done, time_point deadline);

/// Starts one operation with a completion handler that keeps its error, and waits for it.
/// `cancel` must make the operation end; the handler refers to this frame.
template <class Start, class Cancel>
error_code wait_for(asio::io_context& context, time_point deadline, Start start, Cancel cancel) {
  bool done = false;
  error_code outcome;
  start([&](error_code failed, auto&&...) {
    outcome = failed;
    done = true;
  });
  if (run_until(context, done, deadline))
    return outcome;
  cancel();
  run_until(context, done, time_point::max());
  // An operation that ended well while it was being cancelled did end well.
  return outcome ? error_code{asio::error::timed_out} : outcome;
}

/// Name lookup and TCP, within `options.connect`. Errors: `unavailable`, `timeout`.
result<void> connect(asio::io_context& context, beast::tcp_stream& stream, const ws_url& url,
                     const ws_client_options& options);

/// The peer must show a certificate for the host's name that the trusted ones vouch for.
/// Error: `invalid_argument`.
result<void> prepare_tls(asio::ssl::context& context, const ws_client_options& options);

/// Within `options.handshake`. Errors: `forbidden`, `timeout`, `unavailable`.
result<void> handshake_tls(asio::io_context& context, tls_stream& stream, const ws_url& url,
                           const ws_client_options& options);

} // namespace troupe::net::dial
