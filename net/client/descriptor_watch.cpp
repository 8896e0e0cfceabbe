#include "net/client/descriptor_watch.hpp"

#include <unistd.h>

#include <algorithm>

namespace troupe::net {

namespace asio = boost::asio;
using boost::system::error_code;

void descriptor_watch::set(std::span<const int> wanted) {
  std::erase_if(watched_, [&](const auto& each) {
    return std::ranges::find(wanted, each->original) == wanted.end();
  });
  for (const int descriptor : wanted)
    watch(descriptor);
}

int descriptor_watch::take_ready() {
  for (auto& each : watched_)
    if (each->ready) {
      each->ready = false;
      each->waiting = false;
      return each->original;
    }
  return -1;
}

bool descriptor_watch::any_ready() const {
  return std::ranges::any_of(watched_, [](const auto& each) { return each->ready; });
}

void descriptor_watch::watch(int descriptor) {
  const auto found = std::ranges::find_if(
      watched_, [&](const auto& each) { return each->original == descriptor; });
  auto each = found == watched_.end() ? add(descriptor) : *found;
  if (each->waiting || each->ready)
    return;
  if (!each->stream.is_open()) {
    each->ready = true; // epoll refuses regular files: they can always be read.
    return;
  }
  each->waiting = true;
  each->stream.async_wait(asio::posix::stream_descriptor::wait_read, [each](error_code failed) {
    each->ready = failed != asio::error::operation_aborted;
  });
}

std::shared_ptr<descriptor_watch::entry> descriptor_watch::add(int descriptor) {
  auto added = std::make_shared<entry>(context_, descriptor);
  const int copy = ::dup(descriptor);
  error_code failed;
  added->stream.assign(copy, failed);
  if (failed && copy >= 0)
    ::close(copy);
  watched_.push_back(added);
  return added;
}

} // namespace troupe::net
