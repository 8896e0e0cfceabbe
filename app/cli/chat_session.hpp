#pragma once

#include "app/cli/run_view.hpp"
#include "app/cli/steady_link.hpp"
#include "app/cli/verbs.hpp"

#include <string>

namespace troupe::cli {

/// How one question of a chat ended.
struct turn {
  std::string run_id;
  std::string text;
  bool aborted = false;
  std::optional<failure> failed;
};

/// A conversation over a connection that may break: each question is asked until it is
/// acknowledged, and followed until its answer is shown, once. Thread: one at a time.
class chat_session {
public:
  chat_session(std::string session_key, const verb_context& with, target to);

  /// Connects, so that a missing gateway is told before anything is typed.
  outcome<void> start();
  /// Asks and shows the answer while it comes. A failure of the run is in the turn; an error here
  /// ends the chat: no gateway, not authorised, timeout, a second Ctrl-C.
  outcome<turn> ask(const std::string& message);
  /// Waits until `descriptor` can be read. False: Ctrl-C.
  bool await_input(int descriptor);

private:
  /// The question that is being answered, with what was asked of the gateway about it.
  struct question {
    question(std::string run_id, std::string text)
        : view(std::move(run_id)), message(std::move(text)) {}
    run_view view;
    const std::string message;
    time_point deadline;
    time_point heard_at;    ///< When the gateway last said something about it.
    std::string send_id;    ///< chat.send
    std::string history_id; ///< chat.history; empty: none under way.
    std::string abort_id;   ///< chat.abort
    bool to_send = true;
  };

  outcome<gateway_link*> ready_link(question& about);
  outcome<void> subscribe(gateway_link& link, time_point deadline);
  outcome<void> step(question& about);
  outcome<void> post_what_is_due(gateway_link& link, question& about);
  outcome<void> take(const link_happening& happened, question& about);
  outcome<void> on_reply(const reply& answer, question& about);
  outcome<void> on_interrupt(question& about);
  void show(question& about);

  const std::string session_key_;
  const verb_context& with_;
  interrupt_watch interrupts_;
  const int watched_;
  steady_link link_;
};

} // namespace troupe::cli
