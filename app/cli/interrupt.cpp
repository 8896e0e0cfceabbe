#include "app/cli/interrupt.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>

namespace troupe::cli {
namespace {

std::atomic<int> signal_pipe{-1};

void on_signal(int) {
  const int kept = errno;
  const char mark = 'c';
  // A full pipe already holds more Ctrl-C than anybody takes.
  [[maybe_unused]] const auto written = ::write(signal_pipe.load(), &mark, 1);
  errno = kept;
}

} // namespace

interrupt_watch::interrupt_watch(int instead) : descriptor_(instead) {
  if (instead >= 0)
    return;
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
    return; // Ctrl-C then simply ends the process.
  descriptor_ = ends[0];
  write_end_ = ends[1];
  signal_pipe = write_end_;
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
}

interrupt_watch::~interrupt_watch() {
  if (write_end_ < 0)
    return;
  std::signal(SIGINT, SIG_DFL);
  signal_pipe = -1;
  ::close(write_end_);
  ::close(descriptor_);
}

bool interrupt_watch::take() {
  pollfd waiting{descriptor_, POLLIN, 0};
  char mark = 0;
  return descriptor_ >= 0 && ::poll(&waiting, 1, 0) == 1 && ::read(descriptor_, &mark, 1) == 1;
}

} // namespace troupe::cli
