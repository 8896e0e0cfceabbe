#pragma once

#include "net/asio.hpp"
#include "net/http/answer_channel.hpp"
#include "net/http/response_text.hpp"
#include "net/http/server_core.hpp"

#include <boost/beast/core/flat_buffer.hpp>

#include <optional>

namespace troupe::net {

/// One accepted connection while it speaks HTTP/1.1: reads a request, waits for its answer, writes
/// it, and so on; pipelined requests wait in the buffer and are answered in order. An upgrade hands
/// the socket on to a `ws_session`.
/// Thread: its io_context's, but for `end`.
class http_session final : public live_connection {
public:
  http_session(std::shared_ptr<server_core> core, connection_slot slot, tcp_socket socket,
               peer_address peer);
  ~http_session() override;

  static void start(std::shared_ptr<http_session> session);
  void end(ending how) override;

private:
  enum class next_step { read_request, linger, leave };
  enum class phase { idle, reading, answering, writing, closing };
  struct incoming;

  task<void> run();
  task<bool> wait_for_request();
  task<next_step> serve_one();
  task<std::optional<http_response>> read_head(incoming& request);
  task<std::optional<http_response>> read_body(incoming& request);
  std::optional<http_response> refusal_for(error_code failed);
  std::optional<http_response> upgrade(incoming& request);
  task<http_response> answer(http_request request);
  task<bool> write(const http_response& response, after_response then, bool with_body);
  task<bool> write_all(std::string_view head, std::string_view body);
  task<next_step> refuse(http_response response, bool with_body);
  task<void> linger();

  void expire_in(unsigned ms, phase now);
  void watch();
  void on_watch();

  connection_slot slot_;
  tcp_socket socket_;
  const peer_address peer_;
  boost::beast::flat_buffer buffer_;
  const steady::time_point accepted_at_ = steady::now();
  steady::time_point request_began_at_ = accepted_at_;
  bool first_ = true;
  bool ending_ = false;    ///< Close after the answer in hand.
  bool timed_out_ = false; ///< The deadline passed and what was waited for is cancelled.
  bool over_ = false;      ///< `run` has left; the watch stops.
  phase phase_ = phase::reading;
  timer* answering_ = nullptr; ///< Waits for the sink's answer.
  timer watch_;
  steady::time_point deadline_;
  steady::time_point armed_for_ = steady::time_point::max();

  // `end` may come from any thread, also when the io_context is being destroyed.
  const executor executor_;
  std::mutex posting_;
  bool attached_ = true;
};

} // namespace troupe::net
