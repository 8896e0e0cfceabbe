#pragma once

#include "net/asio.hpp"
#include "net/http/server.hpp"
#include "net/websocket/outbox.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace troupe::net {

/// What the link tells the session that owns the socket, always on the connection's thread.
class ws_signals {
public:
  virtual ~ws_signals() = default;
  /// Frames, or a close, wait in the outbox.
  virtual void on_outbox() = 0;
  /// Reading paused and there is credit again.
  virtual void on_credit() = 0;
  virtual void on_handshake_done() = 0;
  virtual void on_abort() = 0;
};

/// The part of a WebSocket that other threads hold: queue, credits, and the way to wake the
/// session. It owns nothing of Asio's, so that a handle may outlive the connection and even the I/O
/// threads.
class ws_link final : public ws_connection, public std::enable_shared_from_this<ws_link> {
public:
  ws_link(executor where, std::size_t backlog_bytes_max)
      : executor_(where), outbox_(backlog_bytes_max) {}

  // Thread: any.
  bool send(ws_frame frame) override;
  void close(std::uint16_t code, std::string reason) override;
  void abort() override;
  void handshake_done() override;
  std::size_t backlog_bytes() const override;

  // Thread: the connection's.
  void attach(std::weak_ptr<ws_signals> session);
  /// From here on every call is ignored. Must happen before the io_context goes.
  void detach();
  std::vector<ws_frame> take_frames(std::size_t frames_max);
  void written(std::size_t bytes);
  std::optional<outbox::closing> wants_close() const;
  /// Counts one more message in hand, until the last copy of its credit goes.
  frame_credit take_credit();
  unsigned in_hand() const;
  /// True when fewer than `in_hand_max` messages are in hand; else `on_credit` will be called.
  bool may_read(unsigned in_hand_max);

private:
  void give_credit_back();
  void wake_locked();
  void close_locked(std::uint16_t code, std::string reason);
  void signal_locked(void (ws_signals::*what)());

  const executor executor_;
  mutable std::mutex mutex_;
  std::weak_ptr<ws_signals> session_;
  bool attached_ = false;
  bool wake_posted_ = false;
  bool reader_waits_ = false;
  unsigned in_hand_ = 0;
  outbox outbox_;
};

} // namespace troupe::net
