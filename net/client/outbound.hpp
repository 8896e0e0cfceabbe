#pragma once

#include "base/result.hpp"
#include "net/http/server.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

/// Outgoing HTTP with streamed answers: model providers and, later, channels. libcurl multi on the
/// main I/O thread; one pool of kept-alive connections for all callers.
namespace troupe::net {

struct outbound_deadlines {
  std::chrono::milliseconds connect{10'000};
  std::chrono::milliseconds first_byte{
      120'000};                            ///< From the request's start to the response's head.
  std::chrono::milliseconds idle{120'000}; ///< Between two pieces of the response.
  std::chrono::milliseconds total{600'000};
};

struct outbound_request {
  std::string method = "POST";
  std::string url; ///< http or https only.
  header_list headers;
  std::string body;
  outbound_deadlines deadlines;
  std::size_t response_bytes_max = 32u << 20;
};

/// Called on the I/O thread, in order: `on_head` at most once, `on_data` any number of times,
/// `on_done` once and last, also after `cancel()` (then with `cancelled`). Must not block.
class outbound_observer {
public:
  virtual ~outbound_observer() = default;
  virtual void on_head(unsigned status, const header_list& headers) = 0;
  virtual void on_data(std::string_view piece) = 0;
  /// Errors: `timeout` (detail says which deadline), `connection_lost`, `overloaded` (response over
  /// its bound), `cancelled`, `unavailable` (could not connect), `invalid_argument` (bad URL).
  virtual void on_done(result<void> outcome) = 0;
};

/// A call in flight. Thread: any. Must not outlive the I/O pool.
class outbound_call {
public:
  virtual ~outbound_call() = default;
  /// Closes the connection now. Idempotent; harmless after the end.
  virtual void cancel() = 0;
};

/// HTTP/2 where TLS negotiates it, no redirects, no cookies, TLS verified, proxies from the usual
/// environment variables. A request that meets a kept-alive connection which the server has just
/// closed is sent again on a new one, as long as no byte of an answer came.
/// Thread: `start` from any; destroyed before the pool, it cancels what is in flight.
class outbound_client {
public:
  virtual ~outbound_client() = default;
  /// Never fails synchronously: everything comes through `observer`, which is kept until `on_done`.
  virtual std::shared_ptr<outbound_call> start(outbound_request request,
                                               std::shared_ptr<outbound_observer> observer) = 0;
};

/// `calls_max`: calls in flight; one more ends at once with `overloaded`.
std::unique_ptr<outbound_client> make_outbound_client(io_pool& pool, unsigned calls_max);

} // namespace troupe::net
