#pragma once

#include "net/asio.hpp"
#include "net/http/request_rules.hpp"
#include "net/http/server_core.hpp"
#include "net/websocket/gather_stream.hpp"
#include "net/websocket/ws_link.hpp"

#include <boost/beast/websocket/stream.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::net {

/// What an HTTP connection hands over when it becomes a WebSocket.
struct ws_opening {
  connection_slot slot;
  handshake_slot handshake;
  tcp_socket socket;
  request_head head;
  peer_address peer;
  std::string early; ///< Read behind the request.
  steady::time_point began_at;
};

/// One WebSocket. A reader coroutine lives as long as the connection, a writer only while something
/// is queued, and one timer serves all deadlines: an idle connection is little memory.
///
///   opening --101--> handshake --handshake_done()--> open --close, peer or deadline--> over
///
/// Thread: its io_context's, but for `end`. Other threads hold the link.
class ws_session final : public ws_signals, public live_connection {
public:
  ws_session(std::shared_ptr<server_core> core, ws_opening opening);
  ~ws_session() override;

  static void start(std::shared_ptr<server_core> core, ws_opening opening);

  void on_outbox() override;
  void on_credit() override;
  void on_handshake_done() override;
  void on_abort() override;
  void end(ending how) override;

private:
  /// Without permessage-deflate, which is never negotiated: half the code.
  using stream = boost::beast::websocket::stream<gather_stream, false>;

  std::shared_ptr<ws_session> self();

  // Reading.
  task<void> run(request_head head);
  task<bool> accept(const request_head& head);
  void open(request_head head);
  task<error_code> read_all();
  task<error_code> read_message(std::string& text);
  void deliver(std::string text);
  task<void> wait_for_credit();

  // Writing.
  task<void> write_all();
  task<error_code> write_frames(std::vector<ws_frame> frames);
  task<error_code> write_ping();
  task<error_code> write_close(outbox::closing closing);

  // Deadlines.
  std::optional<steady::time_point> next_deadline() const;
  void arm();
  void on_timer();
  steady::duration stall_max() const;

  // Ending.
  task<void> linger();
  void tell_closed(error_code failed);
  void tell_closed(std::uint16_t code, std::string_view reason);
  void shut();
  void finish(error_code failed);

  connection_slot slot_;
  handshake_slot handshake_;
  const peer_address peer_;
  stream ws_;
  const std::shared_ptr<ws_link> link_;
  std::shared_ptr<ws_handler> handler_;
  timer timer_;
  steady::time_point armed_for_ = steady::time_point::max();
  std::optional<steady::time_point> handshake_deadline_;
  std::optional<steady::time_point> ping_at_; ///< Empty before the 101.
  std::optional<steady::time_point> pong_deadline_;
  std::optional<steady::time_point> close_deadline_;
  timer* paused_ = nullptr; ///< The reader waits for credit here.
  bool ping_due_ = false;
  bool writing_ = false;
  bool lingering_ = false; ///< A close frame of Beast's is on its way.
  bool over_ = false;
};

} // namespace troupe::net
