#pragma once

#include "net/asio.hpp"
#include "net/http/server.hpp"

#include <memory>
#include <mutex>
#include <optional>

namespace troupe::net {

/// Where the answer to one request arrives from any thread and the connection waits for it.
/// The connection must `detach` before its io_context goes: from then on answers are dropped.
class answer_slot : public std::enable_shared_from_this<answer_slot> {
public:
  answer_slot(executor where, timer& waker) : executor_(where), waker_(&waker) {}
  /// Thread: any. The first answer counts.
  void put(http_response response);
  /// Thread: the connection's.
  std::optional<http_response> take();
  void detach();

private:
  const executor executor_;
  std::mutex mutex_;
  timer* waker_;       ///< Null once detached. Cancelled on the connection's thread only.
  bool given_ = false; ///< An answer was put, perhaps already taken.
  std::optional<http_response> response_;
};

/// The handle's side: answers 503 when it goes without an answer.
class answer_channel final : public http_responder::channel {
public:
  explicit answer_channel(std::shared_ptr<answer_slot> slot) : slot_(std::move(slot)) {}
  ~answer_channel() override;
  void send(http_response response) override { slot_->put(std::move(response)); }

private:
  std::shared_ptr<answer_slot> slot_;
};

} // namespace troupe::net
