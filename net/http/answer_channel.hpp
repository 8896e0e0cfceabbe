#pragma once

#include "net/asio.hpp"
#include "net/http/responder.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>

namespace troupe::net {

/// Where the answer to one request, whole or in pieces, arrives from any thread and the connection
/// waits for it. The connection must `close` it before its io_context goes: from then on everything
/// is dropped.
///
///   empty --put--> whole --take_start--> taken
///   empty --begin--> begun --take_start--> streaming --end--> ended
///                      any of these --over the bound, abandon--> cut      any --close--> closed
class answer_slot : public std::enable_shared_from_this<answer_slot> {
public:
  answer_slot(executor where, timer& waker, std::size_t backlog_bytes_max)
      : executor_(where), backlog_bytes_max_(backlog_bytes_max), waker_(&waker) {}

  // Thread: any.
  /// The first answer counts.
  void put(http_response response);
  /// False: there is an answer already, or nobody to take it.
  bool begin(http_stream_head head);
  bool write(std::string piece);
  void end();
  /// The stream was let go; without `end` before, it is cut.
  void abandon();
  std::size_t room() const;
  void watch(answer_watch watch);

  // Thread: the connection's.
  using start = std::variant<std::monostate, http_response, http_stream_head>;
  start take_start();
  struct part {
    std::string text;   ///< All pieces that wait.
    bool ended = false; ///< Nothing comes after `text`.
    std::optional<answer_lost> cut;
  };
  part take_part();
  /// `bytes` of what was taken have been written.
  void written(std::size_t bytes);
  /// Once: the answer was written (`lost` is empty) or will not be.
  void close(std::optional<answer_lost> lost);

private:
  enum class state { empty, whole, taken, streaming, ended, cut, closed };

  std::size_t room_locked() const;
  void wake_locked();

  const executor executor_;
  const std::size_t backlog_bytes_max_;
  mutable std::mutex mutex_;
  timer* waker_; ///< Null once closed. Cancelled on the connection's thread only.
  bool wake_posted_ = false;
  bool wants_room_ = false; ///< Less than half was free.
  state state_ = state::empty;
  start start_;
  std::string waiting_;         ///< Pieces not yet taken.
  std::size_t outstanding_ = 0; ///< Bytes of pieces not yet written; `waiting_` included.
  answer_lost why_cut_ = answer_lost::server_stopped;
  std::optional<answer_lost> lost_;
  answer_watch watch_;
};

/// The handle's side: answers 503 when it goes without an answer.
class answer_channel final : public http_responder::channel {
public:
  explicit answer_channel(std::shared_ptr<answer_slot> slot) : slot_(std::move(slot)) {}
  ~answer_channel() override;
  void send(http_response response) override { slot_->put(std::move(response)); }
  std::shared_ptr<http_stream::pipe> begin(http_stream_head head) override;
  void watch(answer_watch watch) override { slot_->watch(std::move(watch)); }

private:
  std::shared_ptr<answer_slot> slot_;
};

} // namespace troupe::net
