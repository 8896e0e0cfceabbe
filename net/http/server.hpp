#pragma once

#include "base/result.hpp"
#include "net/http/messages.hpp"
#include "net/http/responder.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

/// The gateway's one TCP port: HTTP/1.1 and WebSocket on the same listener.
///
/// The server owns sockets, parsing, limits, keep-alive, pings and deadlines; it knows nothing of
/// the gateway. What to answer is decided by a `request_sink` that it calls on its I/O threads and
/// that must never block there. Answers come back from any thread through the handles it hands out.
namespace troupe::net {

/// One outgoing text message, spliced from parts so that a shared payload is serialised once for
/// all clients: `head` + `*body` + `tail`.
struct ws_frame {
  std::string head;
  std::shared_ptr<const std::string> body; ///< May be null.
  std::string tail;
  /// Skipped instead of closing the connection when its backlog is over the bound.
  bool droppable = false;
  std::size_t bytes() const { return head.size() + (body ? body->size() : 0) + tail.size(); }
};

/// The sending side of one WebSocket. Thread: any. Calls after the close are ignored.
class ws_connection {
public:
  virtual ~ws_connection() = default;
  /// Queues in order. Over the outbound bound: droppable frames are skipped (returns false), any
  /// other closes with 1008 "slow consumer".
  virtual bool send(ws_frame frame) = 0;
  /// Writes what is queued, then the close frame, then ends the connection within a few seconds.
  /// `reason` is cut to 123 bytes, never inside a UTF-8 sequence.
  virtual void close(std::uint16_t code, std::string reason) = 0;
  /// Ends the connection at once, without a close frame.
  virtual void abort() = 0;
  /// From here on frames may be as large as after the handshake, and the handshake deadline is off.
  virtual void handshake_done() = 0;
  /// Bytes queued and not yet handed to the kernel.
  virtual std::size_t backlog_bytes() const = 0;
};

/// Gives its credit back when the last copy goes: the server reads the next frame of a connection
/// only while it has credit, so that a client's queue is bounded by what its handler has in hand.
using frame_credit = std::shared_ptr<void>;

/// The receiving side of one WebSocket. Thread: the connection's strand; must not block.
class ws_handler {
public:
  virtual ~ws_handler() = default;
  /// One text message. Keep `credit` until the message is dealt with.
  virtual void on_text(std::string text, frame_credit credit) = 0;
  /// The last call: `code` 1006 when the connection was lost.
  virtual void on_closed(std::uint16_t code, std::string_view reason) = 0;
};

/// What an incoming WebSocket said in its upgrade request.
struct ws_upgrade {
  std::string target;
  header_list headers;
  peer_address peer;
};

/// What a sink says to the body that a request's head announces.
struct body_wish {
  /// Bytes that are read; never more than `server_limits::body_bytes_max`. A longer body is refused
  /// without a byte of it being kept.
  std::size_t bytes_max = 0;
  /// False: nothing is read, `on_request` comes at once with `body_unread` set.
  bool wanted = false;
  /// The answer to a longer body; null: 413 as API clients expect it.
  http_response (*too_large)() = nullptr;
  static body_wish none() { return {}; }
  static body_wish up_to(std::size_t bytes, http_response (*refusal)() = nullptr) {
    return {bytes, true, refusal};
  }
};

/// Where requests go. Thread: any I/O thread, concurrently; must not block.
class request_sink {
public:
  virtual ~request_sink() = default;
  /// Before a body is read, and only when one is announced: by `head` alone (its body is empty) the
  /// sink tells whether it is worth reading. So an unknown path, a wrong method or a stranger is
  /// answered before the size is looked at (protocol.md section 14), and costs no memory. What is
  /// wrong is said in `on_request`, which always follows, but for a body that is too long or
  /// broken.
  virtual body_wish on_head(const http_request& head) = 0;
  virtual void on_request(http_request request, http_responder responder) = 0;
  /// The connection is open (101 was sent). Returning null closes it with 1013.
  virtual std::shared_ptr<ws_handler> on_websocket(ws_upgrade upgrade,
                                                   std::shared_ptr<ws_connection> connection) = 0;
};

/// Bounds of the port. Source of the protocol's numbers: protocol.md section 1.
struct server_limits {
  std::size_t header_bytes_max = 32u << 10;
  std::size_t body_bytes_max = 20u << 20;
  std::size_t ws_frame_bytes_max_before_handshake = 65'536;
  std::size_t ws_frame_bytes_max = 26'214'400;
  std::size_t ws_backlog_bytes_max = 52'428'800;
  unsigned frames_in_hand_max_before_handshake = 16; ///< One more closes 1008.
  unsigned frames_in_hand_max = 256;                 ///< Reading pauses there.
  unsigned connections_max = 20'000;
  unsigned unauthenticated_per_address_max =
      64; ///< WebSockets before handshake_done; loopback: x16.
  unsigned handshake_ms_max = 15'000;
  /// From the first byte of a request to its last, and for each piece of an answer that is written.
  unsigned request_ms_max = 30'000;
  unsigned keep_alive_ms_max = 60'000;
  unsigned answer_ms_max = 600'000; ///< From the whole request, or a piece, to what comes next.
  std::size_t stream_backlog_bytes_max = 4u << 20; ///< Not yet written, of one streamed answer.
  unsigned stream_idle_ms = 15'000;                ///< After so much silence an idle piece is sent.
  unsigned ping_every_ms = 25'000;
  unsigned pong_ms_max = 25'000;
  unsigned close_ms_max = 3'000;
};

/// What `listen` binds to.
struct listen_address {
  std::string ip = "127.0.0.1";
  std::uint16_t port = 18'789; ///< 0: any free port.
};

/// What happened to answers since the start.
struct server_counters {
  std::uint64_t answers_lost = 0;     ///< For whatever reason, `too_slow` among them.
  std::uint64_t answers_too_slow = 0; ///< The client did not read.
};

class io_pool;

/// Owns the listener and every connection.
/// Thread: `start` and `stop` from one thread outside the pool.
class server {
public:
  virtual ~server() = default;
  /// The port really bound.
  virtual std::uint16_t port() const = 0;
  /// No new connections; requests in flight may still be answered.
  virtual void stop_accepting() = 0;
  /// Closes every WebSocket with 1012 "service restart" and every HTTP connection that is idle.
  virtual void close_all() = 0;
  /// Connections open now.
  virtual std::size_t connections() const = 0;
  virtual server_counters counters() const = 0;
};

/// Binds and starts accepting. `pool` and `sink` must outlive the server; handles given out
/// (answers, WebSocket connections, credits) may outlive all three. Errors: `already_exists` when
/// the port is taken (says by whom, where /proc tells), `forbidden`, `invalid_argument`.
result<std::unique_ptr<server>> listen(io_pool& pool, const listen_address& address,
                                       const server_limits& limits, request_sink& sink);

} // namespace troupe::net
