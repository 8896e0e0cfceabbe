#include "net/http/peer_watch.hpp"

#include <poll.h>

#include <algorithm>
#include <utility>

namespace troupe::net {

namespace {

constexpr std::size_t piece_bytes_max = 4096;

bool was_reset(int descriptor) {
  pollfd at{descriptor, 0, 0}; // Errors and hang-ups are always told.
  return ::poll(&at, 1, 0) > 0 && (at.revents & (POLLERR | POLLHUP)) != 0;
}

} // namespace

void peer_watch::stop() {
  stopped_ = true;
  tell_ = {};
  if (!waiting_)
    return;
  error_code ignored;
  socket_.cancel(ignored);
}

void peer_watch::wait(tcp_socket::wait_type what) {
  waiting_ = true;
  socket_.async_wait(what, [self = shared_from_this(), what](error_code failed) {
    self->waiting_ = false;
    if (self->stopped_ || failed)
      return;
    if (what == tcp_socket::wait_read)
      self->on_readable();
    else
      self->on_trouble();
  });
}

void peer_watch::on_readable() {
  const auto room = std::min(buffer_.max_size() - buffer_.size(), piece_bytes_max);
  if (room == 0)
    return wait(tcp_socket::wait_error);
  error_code failed;
  const auto bytes = socket_.read_some(buffer_.prepare(room), failed);
  buffer_.commit(failed ? 0 : bytes);
  if (!failed || failed == asio::error::would_block)
    return wait(tcp_socket::wait_read);
  if (failed != asio::error::eof)
    return end();
  // First the wait: the event may be answered by what makes the reset come.
  wait(tcp_socket::wait_error);
  const auto tell = tell_.half_closed;
  tell();
}

/// Urgent data looks like trouble, too. Whoever sends it is not watched any longer.
void peer_watch::on_trouble() {
  if (was_reset(socket_.native_handle()))
    end();
}

void peer_watch::end() {
  const auto tell = std::exchange(tell_, {});
  stopped_ = true;
  tell.gone();
}

} // namespace troupe::net
