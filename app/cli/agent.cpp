#include "app/cli/json_view.hpp"
#include "app/cli/one_call.hpp"
#include "app/cli/run_view.hpp"
#include "app/cli/steady_link.hpp"
#include "base/random.hpp"

namespace troupe::cli {

namespace json = boost::json;

namespace {

constexpr std::chrono::seconds answer_default{600};
/// How long a run that nobody waits for any more may take to be stopped.
constexpr std::chrono::seconds abort_max{2};

std::string text_of_payloads(const json::value& payload) {
  std::string text;
  if (const auto* parts = find(payload, "result.payloads"); parts && parts->is_array())
    for (const auto& part : parts->get_array()) {
      const auto piece = text_at(part, "text");
      text += (text.empty() || piece.empty() ? "" : "\n") + std::string{piece};
    }
  return text;
}

/// One `agent` request and its two answers, over as many connections as it takes. The idempotency
/// key stays the same, so that however often it is asked, it runs once.
class agent_request {
public:
  agent_request(const agent_verb& verb, const verb_context& with, target to)
      : verb_(verb), with_(with), interrupts_(with.around.interrupts),
        link_(std::move(to), {scopes_for("agent", {{"message", verb.message}}), false}, interrupts_,
              with.to),
        view_(verb.idempotency_key.empty() ? random_uuid() : verb.idempotency_key),
        wait_(with.global.timeout.value_or(answer_default)),
        deadline_(std::chrono::steady_clock::now() + wait_) {}

  outcome<exit_status> run() {
    while (!answer_) {
      TR_TRY(auto* const link, link_.get(deadline_));
      if (link_.take_fresh() || ask_again_) {
        ask_again_ = false;
        auto posted = link->post("agent", params());
        if (!posted) {
          link_.lost(posted.assume_error().message);
          continue;
        }
        request_ = posted.assume_value();
      }
      TR_TRY(take(link->next(deadline_, {&watched_, 1})));
      show();
    }
    print();
    return exit_status::ok;
  }

private:
  json::object params() const {
    json::object params{{"message", verb_.message},
                        {"idempotencyKey", view_.run_id()},
                        {"deliver", false},
                        {"timeout", wait_.count()}};
    if (!verb_.agent.empty())
      params["agentId"] = verb_.agent;
    if (!verb_.session_key.empty())
      params["sessionKey"] = verb_.session_key;
    return params;
  }

  outcome<void> take(const link_happening& happened) {
    if (const auto* answer = std::get_if<reply>(&happened)) {
      if (answer->id == request_)
        return take_answer(*answer);
    } else if (const auto* seen = std::get_if<event>(&happened)) {
      if (verb_.stream)
        view_.on_event(*seen);
    } else if (const auto* closed = std::get_if<net::ws_closed>(&happened)) {
      link_.lost(closed->reason);
    } else {
      stop_run();
      if (std::holds_alternative<net::ws_readable>(happened))
        return interrupted();
      return timed_out("no answer within " + std::to_string(wait_.count()) +
                           " s; the run was told to stop",
                       "give it longer with --timeout");
    }
    return boost::outcome_v2::success();
  }

  outcome<void> take_answer(const reply& answer) {
    link_.well();
    const auto status = text_at(answer.payload, "status");
    if (answer.ok) {
      // Only the first answer names it.
      if (const auto key = text_at(answer.payload, "sessionKey"); !key.empty())
        session_key_ = key;
      if (status == "ok" || !find(answer.payload, "status"))
        answer_ = answer.payload;
      if (status == "error" || status == "timeout")
        return run_failed(answer);
      return boost::outcome_v2::success(); // Accepted: the second answer follows.
    }
    if (status == "error")
      return run_failed(answer);
    auto why = refused("agent", answer.error);
    if (!retryable(why))
      return why;
    ask_again_ = true;
    return link_.pause(std::chrono::milliseconds{retry_after_ms(why)}, deadline_);
  }

  static failure run_failed(const reply& answer) {
    auto reason = text_at(answer.error, "message");
    if (reason.empty())
      reason = text_at(answer.payload, "summary");
    return {exit_status::failed, "run_failed", "the run failed: " + std::string{reason},
            "send the message again; the gateway's log says more", answer.error};
  }

  /// Nobody waits any more, so nobody shall pay for more of it.
  void stop_run() {
    auto* const link = link_.current();
    if (!link)
      return;
    const auto key = !session_key_.empty()        ? session_key_
                     : !verb_.session_key.empty() ? verb_.session_key
                                                  : std::string{"main"};
    // Whether it worked makes no difference to what is reported.
    static_cast<void>(link->call("chat.abort", {{"sessionKey", key}, {"runId", view_.run_id()}},
                                 std::chrono::steady_clock::now() + abort_max));
  }

  void show() {
    for (const auto& each : view_.take())
      each.what == piece::kind::text ? with_.to.piece(each.text) : with_.to.aside(each.text);
  }

  void print() {
    const auto text = text_of_payloads(*answer_);
    if (verb_.stream) {
      view_.complete(text);
      show();
    } else {
      with_.to.line(text.empty() ? "(the agent had nothing to say)" : text);
    }
    with_.to.object({{"runId", view_.run_id()},
                     {"sessionKey", session_key_},
                     {"text", text},
                     {"response", *answer_}});
  }

  const agent_verb& verb_;
  const verb_context& with_;
  interrupt_watch interrupts_;
  const int watched_ = interrupts_.descriptor();
  steady_link link_;
  run_view view_;
  const std::chrono::seconds wait_;
  const time_point deadline_;
  std::string request_;
  std::string session_key_;
  bool ask_again_ = false;
  std::optional<json::value> answer_;
};

} // namespace

outcome<exit_status> run(const agent_verb& verb, const verb_context& with) {
  if (verb.message.empty())
    return usage("--message is empty", "say something: troupe agent --message \"hello\"");
  TR_TRY(auto to, find_target(with.global, with.around));
  agent_request request{verb, with, std::move(to)};
  return request.run();
}

} // namespace troupe::cli
