#pragma once

#include "net/http/messages.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

/// The handles by which whoever works on an HTTP request answers it, from any thread. They own
/// nothing of the connection and may outlive it, the server and its I/O threads.
///
/// **When is a client gone?** A FIN alone says only that it will send no more: `nc` and scripts do
/// that after their request and wait for the answer, while a program that closed its socket sends
/// exactly the same. So a FIN is followed by a probe that means nothing to a reader: "100 Continue"
/// before the answer has begun (HTTP/1.1 clients must skip interim responses, RFC 9110, section
/// 15.2), the stream's idle piece afterwards. A closed socket answers with a reset and the client
/// counts as gone within a round trip; a half-closed one reads on and gets its answer. Where no
/// probe can be sent (HTTP/1.0, a stream without an idle piece) the next real write finds out. A
/// reset, with or without a FIN before it, is "gone" at once. Data that a client pipelines behind
/// its request can hide its FIN, never its reset.
namespace troupe::net {

/// Why an answer will not reach its client, or not whole.
enum class answer_lost : std::uint8_t {
  client_left,    ///< It closed or reset the connection.
  too_slow,       ///< It does not read: over the backlog's bound or a write's deadline.
  timed_out,      ///< No answer, or no next piece, within `answer_ms_max`.
  server_stopped, ///< Our side ended the connection. No reason to abort work that is durable.
};

/// Both are called on the connection's thread, or from within `watch` when it is too late already;
/// they must not block. After `lost`, or after the answer was written, they are let go.
struct answer_watch {
  /// At most once. What is sent from now on is dropped.
  std::function<void(answer_lost)> lost;
  /// At least half of a stream's backlog is free again, after less than half was.
  std::function<void()> room;
};

/// The sending side of an answer that comes in pieces. Copies share the one stream. Let go without
/// `end`, it cuts the connection, so that the client can tell that something is missing.
class http_stream {
public:
  class pipe { // The server's side.
  public:
    virtual ~pipe() = default;
    virtual bool write(std::string piece) = 0;
    virtual void end() = 0;
    virtual std::size_t room() const = 0;
  };
  explicit http_stream(std::shared_ptr<pipe> to) : to_(std::move(to)) {}

  /// Queues in order; pieces that wait together leave together. A piece larger than `room()` is not
  /// taken: the stream is cut (`too_slow`, counted), for its client does not read. False: it is or
  /// was cut.
  bool write(std::string piece) const { return to_->write(std::move(piece)); }
  /// The answer is complete; later calls are ignored.
  void end() const { to_->end(); }
  /// Bytes that `write` takes now, at most `server_limits::stream_backlog_bytes_max`. 0 when cut.
  std::size_t room() const { return to_->room(); }

private:
  std::shared_ptr<pipe> to_;
};

/// Answers one request: once whole or once as a stream. Dropped unanswered, it answers 503, so that
/// a crashed actor never leaves a client waiting. Copies share the one answer; the first counts.
class http_responder {
public:
  class channel { // The server's side.
  public:
    virtual ~channel() = default;
    virtual void send(http_response response) = 0;
    virtual std::shared_ptr<http_stream::pipe> begin(http_stream_head head) = 0;
    virtual void watch(answer_watch watch) = 0;
  };
  explicit http_responder(std::shared_ptr<channel> to) : to_(std::move(to)) {}

  void send(http_response response) const { to_->send(std::move(response)); }
  /// The head leaves at once, in HTTP/1.1 with chunked coding, in 1.0 until the connection closes.
  /// Of a second beginning every piece is refused.
  http_stream begin(http_stream_head head) const {
    return http_stream{to_->begin(std::move(head))};
  }
  /// Tells when the answer cannot reach its client any more. One watch; a second replaces it.
  void watch(answer_watch watch) const { to_->watch(std::move(watch)); }

private:
  std::shared_ptr<channel> to_;
};

} // namespace troupe::net
