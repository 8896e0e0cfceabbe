#include "app/cli/chat_session.hpp"

#include "app/cli/json_view.hpp"
#include "app/cli/one_call.hpp"
#include "base/random.hpp"

#include <poll.h>

#include <algorithm>
#include <array>

namespace troupe::cli {
namespace {

constexpr std::chrono::seconds answer_default{600};
constexpr std::chrono::seconds connect_default{10};
/// Silence about a run after which its state is read, in case an event was lost.
constexpr std::chrono::seconds quiet_max{15};
constexpr int history_messages = 60;

} // namespace

chat_session::chat_session(std::string session_key, const verb_context& with, target to)
    : session_key_(std::move(session_key)), with_(with), interrupts_(with.around.interrupts),
      watched_(interrupts_.descriptor()),
      link_(std::move(to), {{"operator.read", "operator.write"}, false}, interrupts_, with.to) {}

outcome<void> chat_session::start() {
  const auto deadline = deadline_of(with_.global, connect_default);
  TR_TRY(auto* const link, link_.get(deadline));
  link_.take_fresh();
  return subscribe(*link, deadline);
}

outcome<void> chat_session::subscribe(gateway_link& link, time_point deadline) {
  auto answered = link.call("sessions.messages.subscribe", {{"key", session_key_}}, deadline);
  // Gateways tell every reader about runs anyway, so one that does not know this is good enough.
  if (answered || answered.assume_error().code == "INVALID_REQUEST")
    return boost::outcome_v2::success();
  return answered.assume_error();
}

outcome<turn> chat_session::ask(const std::string& message) {
  question about{random_uuid(), message};
  about.heard_at = std::chrono::steady_clock::now();
  about.deadline = about.heard_at + with_.global.timeout.value_or(answer_default);
  while (!about.view.ended()) {
    const auto stepped = step(about);
    show(about);
    if (!stepped)
      return stepped.assume_error();
  }
  return turn{about.view.run_id(), about.view.text(), about.view.aborted(), about.view.failed()};
}

outcome<gateway_link*> chat_session::ready_link(question& about) {
  while (true) {
    TR_TRY(auto* const link, link_.get(about.deadline));
    if (!link_.take_fresh())
      return link;
    // What the old connection was asked died with it; the same key makes asking again harmless.
    about.to_send = true;
    about.history_id.clear();
    const auto subscribed = subscribe(*link, about.deadline);
    if (subscribed)
      return link;
    const auto& why = subscribed.assume_error();
    if (!retryable(why))
      return why;
    link_.lost(why.message);
  }
}

outcome<void> chat_session::step(question& about) {
  TR_TRY(auto* const link, ready_link(about));
  if (const auto posted = post_what_is_due(*link, about); !posted) {
    link_.lost(posted.assume_error().message);
    return boost::outcome_v2::success();
  }
  const auto wake = std::min(about.deadline, about.heard_at + quiet_max);
  return take(link->next(wake, {&watched_, 1}), about);
}

outcome<void> chat_session::post_what_is_due(gateway_link& link, question& about) {
  if (about.to_send) {
    about.to_send = false;
    boost::json::object params{{"sessionKey", session_key_},
                               {"message", about.message},
                               {"idempotencyKey", about.view.run_id()}};
    TR_TRY(about.send_id, link.post("chat.send", std::move(params)));
  }
  const auto now = std::chrono::steady_clock::now();
  const bool quiet = now >= about.heard_at + quiet_max;
  if ((about.view.wants_history() || quiet) && about.history_id.empty()) {
    boost::json::object params{{"sessionKey", session_key_}, {"limit", history_messages}};
    TR_TRY(about.history_id, link.post("chat.history", std::move(params)));
  }
  if (quiet)
    about.heard_at = now;
  return boost::outcome_v2::success();
}

outcome<void> chat_session::take(const link_happening& happened, question& about) {
  if (const auto* answer = std::get_if<reply>(&happened))
    return on_reply(*answer, about);
  if (const auto* seen = std::get_if<event>(&happened)) {
    about.view.on_event(*seen);
    if (text_at(seen->payload, "runId") == about.view.run_id())
      about.heard_at = std::chrono::steady_clock::now();
  } else if (const auto* closed = std::get_if<net::ws_closed>(&happened)) {
    link_.lost(closed->reason);
  } else if (std::holds_alternative<net::ws_readable>(happened)) {
    return on_interrupt(about);
  } else if (std::chrono::steady_clock::now() >= about.deadline) {
    return timed_out("no answer in time; the run goes on in the gateway",
                     "look again later with `troupe chat`, or give it longer with --timeout");
  }
  return boost::outcome_v2::success();
}

outcome<void> chat_session::on_reply(const reply& answer, question& about) {
  link_.well();
  if (answer.id == about.history_id) {
    about.history_id.clear();
    if (answer.ok)
      about.view.on_history(answer.payload);
  } else if (answer.id == about.send_id && answer.ok) {
    about.view.on_acknowledged(answer.payload);
  } else if (answer.id == about.send_id) {
    auto why = refused("chat.send", answer.error);
    if (!retryable(why))
      return why;
    about.to_send = true;
    return link_.pause(std::chrono::milliseconds{retry_after_ms(why)}, about.deadline);
  }
  return boost::outcome_v2::success();
}

outcome<void> chat_session::on_interrupt(question& about) {
  interrupts_.take();
  if (!about.abort_id.empty() || !link_.current())
    return interrupted();
  with_.to.note("stopping the answer; Ctrl-C again leaves");
  auto posted = link_.current()->post(
      "chat.abort", {{"sessionKey", session_key_}, {"runId", about.view.run_id()}});
  if (!posted)
    return interrupted();
  about.abort_id = posted.assume_value();
  return boost::outcome_v2::success();
}

bool chat_session::await_input(int descriptor) {
  const std::array<int, 2> watched{watched_, descriptor};
  while (auto* const link = link_.current()) {
    // Pings are answered meanwhile; what others say in the conversation is not shown.
    const auto happened = link->next(std::chrono::steady_clock::now() + quiet_max, watched);
    if (const auto* readable = std::get_if<net::ws_readable>(&happened))
      return readable->descriptor == descriptor || !interrupts_.take();
    if (const auto* closed = std::get_if<net::ws_closed>(&happened))
      link_.lost(closed->reason);
  }
  std::array<pollfd, 2> waiting{pollfd{watched_, POLLIN, 0}, pollfd{descriptor, POLLIN, 0}};
  while (::poll(waiting.data(), waiting.size(), -1) < 0) {
  }
  return !interrupts_.take();
}

void chat_session::show(question& about) {
  for (const auto& each : about.view.take())
    each.what == piece::kind::text ? with_.to.piece(each.text) : with_.to.aside(each.text);
}

} // namespace troupe::cli
