#include "app/cli/steady_link.hpp"

#include <poll.h>

#include <algorithm>

namespace troupe::cli {
namespace {

/// One attempt to connect, so that a black hole does not eat the whole deadline.
constexpr std::chrono::seconds attempt_max{10};

failure too_late() {
  return timed_out("the gateway did not come back in time",
                   "see `troupe gateway status`; sending the same again is answered from the same "
                   "run when it is given the same --idempotency-key");
}

} // namespace

steady_link::steady_link(target to, introduction as, interrupt_watch& interrupts,
                         const console& says)
    : to_(std::move(to)), as_(std::move(as)), interrupts_(interrupts), says_(says),
      policy_(random_seed()) {}

outcome<gateway_link*> steady_link::get(time_point deadline) {
  if (!link_ && connected_before_) {
    TR_TRY(pause({}, deadline));
  }
  while (!link_) {
    auto opened = open(deadline);
    if (opened)
      break;
    const auto& why = opened.assume_error();
    const bool starting = why.status == exit_status::failed;
    if (!retryable(why) || (!connected_before_ && !starting))
      return why;
    TR_TRY(pause(std::chrono::milliseconds{retry_after_ms(why)}, deadline));
  }
  return link_.get();
}

outcome<void> steady_link::open(time_point deadline) {
  const auto now = std::chrono::steady_clock::now();
  TR_TRY(link_, gateway_link::open(to_, as_, std::min(deadline, now + attempt_max)));
  if (connected_before_)
    says_.note("connected again");
  connected_before_ = true;
  fresh_ = true;
  return boost::outcome_v2::success();
}

void steady_link::lost(const std::string& reason) {
  link_.reset();
  says_.note("connection lost" + (reason.empty() ? std::string{} : " (" + reason + ")") +
             "; connecting again");
}

outcome<void> steady_link::pause(std::chrono::milliseconds asked, time_point deadline) {
  const auto wait = policy_.next_pause(asked);
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  if (!wait || *wait >= left)
    return too_late();
  pollfd waiting{interrupts_.descriptor(), POLLIN, 0};
  if (::poll(&waiting, 1, static_cast<int>(wait->count())) > 0)
    return interrupted();
  return boost::outcome_v2::success();
}

} // namespace troupe::cli
