#include "net/http/answer_channel.hpp"

#include "net/http/response_text.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace troupe::net {

namespace {

/// A stream that was begun. `slot` is null for one that came second.
class stream_pipe final : public http_stream::pipe {
public:
  explicit stream_pipe(std::shared_ptr<answer_slot> slot) : slot_(std::move(slot)) {}
  ~stream_pipe() override {
    if (slot_)
      slot_->abandon();
  }
  bool write(std::string piece) override { return slot_ && slot_->write(std::move(piece)); }
  void end() override {
    if (slot_)
      slot_->end();
  }
  std::size_t room() const override { return slot_ ? slot_->room() : 0; }

private:
  const std::shared_ptr<answer_slot> slot_;
};

} // namespace

void answer_slot::put(http_response response) {
  const std::lock_guard lock{mutex_};
  if (state_ != state::empty)
    return;
  state_ = state::whole;
  start_ = std::move(response);
  wake_locked();
}

bool answer_slot::begin(http_stream_head head) {
  const std::lock_guard lock{mutex_};
  if (state_ != state::empty)
    return false;
  state_ = state::streaming;
  start_ = std::move(head);
  wake_locked();
  return true;
}

bool answer_slot::write(std::string piece) {
  const std::lock_guard lock{mutex_};
  if (state_ != state::streaming)
    return false;
  if (piece.size() > room_locked()) {
    state_ = state::cut;
    why_cut_ = answer_lost::too_slow;
    waiting_ = {};
    wake_locked();
    return false;
  }
  if (piece.empty())
    return true;
  outstanding_ += piece.size();
  if (waiting_.empty())
    waiting_ = std::move(piece);
  else
    waiting_ += piece;
  wants_room_ = wants_room_ || room_locked() < backlog_bytes_max_ / 2;
  wake_locked();
  return true;
}

void answer_slot::end() {
  const std::lock_guard lock{mutex_};
  if (state_ != state::streaming)
    return;
  state_ = state::ended;
  wake_locked();
}

void answer_slot::abandon() {
  const std::lock_guard lock{mutex_};
  if (state_ != state::streaming)
    return;
  state_ = state::cut;
  wake_locked();
}

std::size_t answer_slot::room() const {
  const std::lock_guard lock{mutex_};
  return state_ == state::streaming ? room_locked() : 0;
}

std::size_t answer_slot::room_locked() const {
  return backlog_bytes_max_ - std::min(outstanding_, backlog_bytes_max_);
}

void answer_slot::watch(answer_watch watch) {
  std::optional<answer_lost> lost;
  {
    const std::lock_guard lock{mutex_};
    lost = lost_;
    if (state_ != state::closed)
      std::swap(watch_, watch);
  }
  // Outside the lock: whoever is told may answer at once. What was swapped out is destroyed there.
  if (lost && watch.lost)
    watch.lost(*lost);
}

answer_slot::start answer_slot::take_start() {
  const std::lock_guard lock{mutex_};
  wake_posted_ = false;
  if (state_ == state::whole)
    state_ = state::taken;
  return std::exchange(start_, std::monostate{});
}

answer_slot::part answer_slot::take_part() {
  const std::lock_guard lock{mutex_};
  wake_posted_ = false;
  part out{std::exchange(waiting_, {}), state_ == state::ended, {}};
  if (state_ == state::cut)
    out.cut = why_cut_;
  return out;
}

void answer_slot::written(std::size_t bytes) {
  std::function<void()> tell;
  {
    const std::lock_guard lock{mutex_};
    outstanding_ -= bytes;
    if (!wants_room_ || room_locked() < backlog_bytes_max_ / 2)
      return;
    wants_room_ = false;
    if (state_ == state::streaming)
      tell = watch_.room;
  }
  if (tell)
    tell();
}

void answer_slot::close(std::optional<answer_lost> lost) {
  answer_watch watch;
  {
    const std::lock_guard lock{mutex_};
    if (state_ == state::closed)
      return;
    state_ = state::closed;
    lost_ = lost;
    waker_ = nullptr;
    waiting_ = {};
    start_ = std::monostate{};
    std::swap(watch, watch_);
  }
  if (lost && watch.lost)
    watch.lost(*lost);
}

/// One wake-up on its way is enough: the connection takes all that has come together by then.
/// Posted under the lock: `close` waits for it, so that the io_context is still there.
void answer_slot::wake_locked() {
  if (wake_posted_ || waker_ == nullptr)
    return;
  wake_posted_ = true;
  asio::post(executor_, [self = shared_from_this()] {
    const std::lock_guard lock{self->mutex_};
    if (self->waker_ != nullptr)
      self->waker_->cancel();
  });
}

answer_channel::~answer_channel() {
  slot_->put(busy_response(503, "Service Unavailable"));
}

std::shared_ptr<http_stream::pipe> answer_channel::begin(http_stream_head head) {
  return std::make_shared<stream_pipe>(slot_->begin(std::move(head)) ? slot_ : nullptr);
}

} // namespace troupe::net
