#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>

/// Asio's types bound to a plain io_context: smaller and cheaper than with `any_io_executor`. Every
/// connection lives on one thread, so that no strand is needed.
namespace troupe::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

using executor = asio::io_context::executor_type;
using tcp_socket = asio::basic_stream_socket<tcp, executor>;
using tcp_acceptor = asio::basic_socket_acceptor<tcp, executor>;
using steady = std::chrono::steady_clock;
using timer = asio::basic_waitable_timer<steady, asio::wait_traits<steady>, executor>;

template <class T>
using task = asio::awaitable<T, executor>;
/// Errors stay in the line: `auto [failed, bytes] = co_await …(use_task)`.
inline constexpr asio::as_tuple_t<asio::use_awaitable_t<executor>> use_task{};

} // namespace troupe::net
