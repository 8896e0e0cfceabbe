#pragma once

#include "net/asio.hpp"
#include "net/http/answer_channel.hpp"
#include "net/http/peer_watch.hpp"
#include "net/http/response_text.hpp"
#include "net/http/server_core.hpp"

#include <boost/beast/core/flat_buffer.hpp>

#include <array>
#include <optional>
#include <string_view>

namespace troupe::net {

/// One accepted connection while it speaks HTTP/1.1: reads a request, waits for its answer, writes
/// it, and so on; pipelined requests wait in the buffer and are answered in order. An upgrade hands
/// the socket on to a `ws_session`. http_reading.cpp reads,
/// http_answer.cpp answers.
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
  struct exchange;
  struct stream_out;

  // Reading.
  task<void> run();
  task<bool> wait_for_request();
  task<next_step> serve_one();
  task<std::optional<http_response>> read_head(incoming& request);
  task<std::optional<http_response>> take_body(incoming& request, http_request& whole);
  task<std::optional<http_response>> read_body(incoming& request);
  task<bool> skip_body(incoming& request);
  std::optional<http_response> refusal_for(error_code failed);
  std::optional<http_response> upgrade(incoming& request);
  task<next_step> refuse(http_response response, bool with_body);
  task<void> linger();

  // Answering.
  struct reply_rules {
    bool keep_alive = false;
    bool with_body = true; ///< Not for HEAD.
    bool http_1_1 = true;
  };
  /// True when the answer was written whole and the connection may go on.
  task<bool> answer(http_request request, reply_rules rules);
  void watch_client(exchange& now);
  task<answer_slot::start> wait_for_answer(exchange& now);
  task<bool> send_whole(exchange& now, http_response response);
  task<bool> send_stream(exchange& now, http_stream_head head);
  task<bool> next_pieces(exchange& now, stream_out& out);
  void give_up(exchange& now, answer_lost why);
  void cut_stream(exchange& now, answer_lost why, bool chunked);
  answer_lost why_unwritten() const;
  task<bool> write(const http_response& response, after_response then, bool with_body);
  using pieces = std::array<std::string_view, 3>;
  task<bool> write_all(pieces text);

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
  bool stalled_ = false; ///< A write met its deadline.
  exchange* answering_ = nullptr;
  timer watch_;
  steady::time_point deadline_;
  steady::time_point armed_for_ = steady::time_point::max();

  // `end` may come from any thread, also when the io_context is being destroyed.
  const executor executor_;
  std::mutex posting_;
  bool attached_ = true;
};

} // namespace troupe::net
