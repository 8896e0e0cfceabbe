#include "net/websocket/ws_link.hpp"

#include "net/frames/json_text.hpp"

#include <boost/asio/post.hpp>

namespace troupe::net {

bool ws_link::send(ws_frame frame) {
  const std::lock_guard lock{mutex_};
  if (!attached_)
    return false;
  switch (outbox_.add(std::move(frame))) {
  case outbox::verdict::queued:
    wake_locked();
    return true;
  case outbox::verdict::slow:
    // What waits will not be read in time: without it the close frame has a chance.
    outbox_.drop_frames();
    close_locked(1008, "slow consumer");
    return false;
  case outbox::verdict::dropped:
  case outbox::verdict::closed:
    break;
  }
  return false;
}

void ws_link::close(std::uint16_t code, std::string reason) {
  const std::lock_guard lock{mutex_};
  if (attached_)
    close_locked(code, std::move(reason));
}

void ws_link::close_locked(std::uint16_t code, std::string reason) {
  // Always told: a writer that stands still takes nothing, but the close's deadline runs.
  if (outbox_.close(code, frames::close_reason(reason)))
    signal_locked(&ws_signals::on_outbox);
}

void ws_link::abort() {
  const std::lock_guard lock{mutex_};
  signal_locked(&ws_signals::on_abort);
}

void ws_link::handshake_done() {
  const std::lock_guard lock{mutex_};
  signal_locked(&ws_signals::on_handshake_done);
}

std::size_t ws_link::backlog_bytes() const {
  const std::lock_guard lock{mutex_};
  return outbox_.bytes();
}

void ws_link::attach(std::weak_ptr<ws_signals> session) {
  const std::lock_guard lock{mutex_};
  session_ = std::move(session);
  attached_ = true;
}

void ws_link::detach() {
  const std::lock_guard lock{mutex_};
  attached_ = false;
  session_.reset();
  outbox_.drop_frames();
}

std::vector<ws_frame> ws_link::take_frames(std::size_t frames_max) {
  const std::lock_guard lock{mutex_};
  wake_posted_ = false;
  return outbox_.take(frames_max);
}

void ws_link::written(std::size_t bytes) {
  const std::lock_guard lock{mutex_};
  outbox_.written(bytes);
}

std::optional<outbox::closing> ws_link::wants_close() const {
  const std::lock_guard lock{mutex_};
  return outbox_.wants_close();
}

frame_credit ws_link::take_credit() {
  {
    const std::lock_guard lock{mutex_};
    ++in_hand_;
  }
  return {this, [self = shared_from_this()](ws_link*) { self->give_credit_back(); }};
}

unsigned ws_link::in_hand() const {
  const std::lock_guard lock{mutex_};
  return in_hand_;
}

bool ws_link::may_read(unsigned in_hand_max) {
  const std::lock_guard lock{mutex_};
  reader_waits_ = in_hand_ >= in_hand_max;
  return !reader_waits_;
}

void ws_link::give_credit_back() {
  const std::lock_guard lock{mutex_};
  --in_hand_;
  if (!reader_waits_)
    return;
  reader_waits_ = false;
  signal_locked(&ws_signals::on_credit);
}

/// One wake-up on its way is enough: the writer takes all that has come together by then.
void ws_link::wake_locked() {
  if (wake_posted_)
    return;
  wake_posted_ = true;
  signal_locked(&ws_signals::on_outbox);
}

/// Posted under the lock: `detach` waits for it, so that the io_context is still there.
void ws_link::signal_locked(void (ws_signals::*what)()) {
  if (!attached_)
    return;
  if (auto session = session_.lock())
    asio::post(executor_, [session = std::move(session), what] { ((*session).*what)(); });
}

} // namespace troupe::net
