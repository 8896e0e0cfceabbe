#pragma once

#include "net/http/http_session.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace troupe::net {

/// One request whose answer is being made: the slot that the answer comes through, and what is
/// known of the client meanwhile. Lives in the coroutine that answers.
struct http_session::exchange {
  exchange(http_session& of, reply_rules how)
      : session(of), rules(how), changed(of.executor_),
        slot(std::make_shared<answer_slot>(of.executor_, changed,
                                           of.core().limits.stream_backlog_bytes_max)) {
    session.answering_ = this;
  }
  ~exchange() {
    session.answering_ = nullptr;
    unwatch();
    // Also when the io_context is destroyed with the coroutine in it.
    slot->close(lost.value_or(answer_lost::server_stopped));
  }
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;

  void unwatch() {
    if (const auto peer = std::exchange(watch, nullptr))
      peer->stop();
  }

  http_session& session;
  const reply_rules rules;
  timer changed; ///< Cancelled when there is something to look at.
  const std::shared_ptr<answer_slot> slot;
  std::shared_ptr<peer_watch> watch;
  std::optional<answer_lost> lost; ///< Nothing more can be sent.
  bool probe_due = false;          ///< The client closed its sending side: does it still read?
};

} // namespace troupe::net
