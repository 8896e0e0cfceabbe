#include "net/websocket/outbox.hpp"

#include <algorithm>
#include <iterator>

namespace troupe::net {

outbox::verdict outbox::add(ws_frame frame) {
  if (closing_)
    return verdict::closed;
  const auto bytes = frame.bytes();
  if (bytes > bytes_max_ - std::min(bytes_, bytes_max_))
    return frame.droppable ? verdict::dropped : verdict::slow;
  bytes_ += bytes;
  frames_.push_back(std::move(frame));
  return verdict::queued;
}

std::vector<ws_frame> outbox::take(std::size_t frames_max) {
  std::vector<ws_frame> taken;
  const auto count = std::min(frames_max, frames_.size());
  const auto end = frames_.begin() + static_cast<std::ptrdiff_t>(count);
  taken.assign(std::make_move_iterator(frames_.begin()), std::make_move_iterator(end));
  frames_.erase(frames_.begin(), end);
  // An empty deque keeps its blocks: too dear for thousands of idle connections.
  if (frames_.empty() && count > 0)
    frames_.shrink_to_fit();
  return taken;
}

bool outbox::close(std::uint16_t code, std::string reason) {
  if (closing_)
    return false;
  closing_ = closing{code, std::move(reason)};
  return true;
}

void outbox::drop_frames() {
  for (const auto& frame : frames_)
    bytes_ -= frame.bytes();
  frames_.clear();
}

} // namespace troupe::net
