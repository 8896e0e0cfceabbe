#include "net/http/answer_channel.hpp"

#include "net/http/response_text.hpp"

#include <boost/asio/post.hpp>

namespace troupe::net {

void answer_slot::put(http_response response) {
  const std::lock_guard lock{mutex_};
  if (given_ || waker_ == nullptr)
    return;
  given_ = true;
  response_ = std::move(response);
  // Posted under the lock: `detach` waits for it, so that the io_context is still there.
  asio::post(executor_, [self = shared_from_this()] {
    const std::lock_guard inner{self->mutex_};
    if (self->waker_ != nullptr)
      self->waker_->cancel();
  });
}

std::optional<http_response> answer_slot::take() {
  const std::lock_guard lock{mutex_};
  return std::exchange(response_, std::nullopt);
}

void answer_slot::detach() {
  const std::lock_guard lock{mutex_};
  waker_ = nullptr;
}

answer_channel::~answer_channel() {
  slot_->put(busy_response(503, "Service Unavailable"));
}

} // namespace troupe::net
