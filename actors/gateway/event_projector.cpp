#include "actors/gateway/event_projector.hpp"

#include "actors/gateway/frames.hpp"
#include "actors/gateway/history.hpp"
#include "actors/gateway/limits.hpp"
#include "actors/gateway/run_result.hpp"
#include "actors/gateway/session_key.hpp"
#include "actors/gateway/transcript.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace troupe::gateway {
namespace {

constexpr std::uint64_t attempt_stride = 1'000'000;
/// Numbers per run event: one event becomes at most this many numbered ones.
constexpr std::uint32_t numbers_per_event = 4;

constexpr std::array<std::string_view, 7> chat_phases{
    "preparing_workspace",      "naming_worktree",   "creating_worktree", "running_setup",
    "provisioning_environment", "preparing_context", "starting_model"};
constexpr std::array<std::string_view, 5> error_kinds{"refusal", "timeout", "rate_limit",
                                                      "context_length", "unknown"};

/// A tool's arguments or result as one JSON value: objects as they are, anything else as text.
void write_arguments(json_writer& out, std::string_view text) {
  if (text.size() >= 2 && text.front() == '{' && text.back() == '}')
    out.raw(text);
  else
    out.raw("{}");
}

} // namespace

/// The events of one run event.
class event_projector::projection {
public:
  projection(const run_event& event, followed& run, audience wanted,
             const session_row_source& session_row)
      : event_(event), run_(run), wanted_(wanted), session_row_(session_row) {
    const auto first = event.n == 0 ? 1 : (event.n - 1) * numbers_per_event + 1;
    run_.n = std::max(run_.n, first - 1);
  }

  event_batch take() { return std::move(events_); }

  void operator()(const run_event::accepted& accepted) {
    run_.tells_phases = accepted.tells_phases;
  }

  void operator()(const run_event::phase& phase) {
    next_number();
    if (!run_.tells_phases)
      return;
    if (std::ranges::find(chat_phases, std::string_view{phase.name}) != chat_phases.end())
      chat("status", droppable::yes, [&](json_writer& out) { out.member("phase", phase.name); });
    agent("run_status", droppable::yes, [&](json_writer& out) { out.member("phase", phase.name); });
  }

  void operator()(const run_event::started& started) {
    run_.started = true;
    run_.started_at = started.started_at;
    next_number();
    agent("lifecycle", droppable::no, [&](json_writer& out) {
      out.member("phase", "start").member("startedAt", started.started_at);
    });
  }

  void operator()(const run_event::model_selected& selected) {
    if (run_.requested.model.empty())
      run_.requested = {selected.provider, selected.model};
    next_number();
    agent("lifecycle", droppable::no, [&](json_writer& out) {
      out.member("phase", "model")
          .member("provider", selected.provider)
          .member("model", selected.model);
    });
  }

  void operator()(const run_event::text_delta& delta) {
    const auto fresh = accept_text(delta);
    if (fresh && (!fresh->empty() || run_.replace_next))
      tell_text(*fresh, tell::both);
  }

  void operator()(const run_event::usage& usage) {
    next_number();
    agent("usage", droppable::yes,
          [&](json_writer& out) { out.member("outputTokens", usage.output_tokens); });
  }

  void operator()(const run_event::message_committed& committed) {
    if ((wanted_ & for_messages) == 0 || !committed.row)
      return;
    auto out = begin_event_body("session.message");
    out.member("sessionKey", event_.key).member_if("agentId", event_.agent_id).key("message");
    write_message(out, *committed.row, event_.session_id,
                  {.text_bytes_max = history_text_bytes_max});
    out.member("messageId", committed.row->id).member("messageSeq", committed.row->seq);
    if (const auto row = session_row_(event_.key); !row.empty())
      out.member_raw("session", row);
    add(out, for_messages, droppable::no);
  }

  void operator()(const run_event::tool_started& tool) {
    next_number();
    agent("item", droppable::no, [&](json_writer& out) {
      write_item(out, tool.call_id, tool.name, "start", "running");
      out.member("startedAt", tool.started_at);
    });
    next_number();
    tool_stream([&](json_writer& out) {
      out.member("phase", "start")
          .member("name", tool.name)
          .member("toolCallId", tool.call_id)
          .key("args");
      write_arguments(out, tool.arguments);
    });
  }

  void operator()(const run_event::tool_finished& tool) {
    next_number();
    agent("item", droppable::no, [&](json_writer& out) {
      write_item(out, tool.call_id, tool.name, "end", tool.is_error ? "failed" : "completed");
      out.member("startedAt", tool.started_at).member("endedAt", tool.ended_at);
    });
    next_number();
    tool_stream([&](json_writer& out) {
      out.member("phase", "result")
          .member("name", tool.name)
          .member("toolCallId", tool.call_id)
          .member("isError", tool.is_error)
          .key("result")
          .begin_object()
          .key("content")
          .begin_array()
          .begin_object()
          .member("type", "text")
          .member("text", tool.result)
          .end_object()
          .end_array()
          .end_object();
    });
  }

  void operator()(const run_event::model_retry& retry) {
    next_number();
    agent("lifecycle", droppable::no, [&](json_writer& out) {
      out.member("phase", "finishing")
          .member("error", retry.message)
          .member("aborted", false)
          .member("livenessState", "blocked")
          .member("endedAt", event_.at);
    });
    next_number();
    chat("status", droppable::yes,
         [&](json_writer& out) { out.member("phase", "starting_model"); });
    agent("run_status", droppable::no, [&](json_writer& out) {
      out.member("phase", "retrying")
          .member("message", retry.message)
          .member("retryAttempt", retry.attempt)
          .member("maxRetries", retry.attempts_max)
          .member("delayMs", retry.delay.count())
          .member("attempt", retry.attempt + 1)
          .member("maxAttempts", retry.attempts_max + 1)
          .member("reason", retry.reason);
    });
    // What the failed call had said is taken back.
    if (run_.told > 0)
      begin_answer_anew();
    agent("assistant", droppable::no, [&](json_writer& out) {
      out.member("text", "")
          .member("delta", "")
          .member("itemId", event_.run_id + ":" + std::to_string(run_.answer))
          .member("replace", true);
    });
  }

  void operator()(const run_event::finished& finished) {
    if (!finished.outcome)
      return;
    switch (finished.outcome->status) {
    case tables::run_status::aborted:
      return aborted(*finished.outcome);
    case tables::run_status::error:
      return failed(*finished.outcome);
    case tables::run_status::none:
    case tables::run_status::ok:
      return completed(*finished.outcome);
    }
  }

private:
  enum class droppable { yes, no };
  enum class tell { both, agent_only, chat_only };

  void next_number() { ++run_.n; }
  std::uint64_t seq() const {
    return run_.attempt * attempt_stride + std::min<std::uint64_t>(run_.n, attempt_stride - 1);
  }

  void add(json_writer& out, audience to, droppable may_drop) {
    // The outer object stays open for `seq`.
    out.end_object();
    events_.push_back(
        {std::make_shared<const std::string>(out.take()), to, may_drop == droppable::yes});
  }

  template <class Fill>
  void chat(std::string_view state, droppable may_drop, const Fill& fill) {
    if ((wanted_ & for_run) == 0)
      return;
    auto out = begin_event_body("chat");
    out.member("runId", event_.run_id).member("sessionKey", event_.key);
    out.member_if("agentId", event_.agent_id);
    out.member("seq", seq()).member("state", state);
    fill(out);
    add(out, for_run, may_drop);
  }

  template <class Fill>
  void agent(std::string_view stream, droppable may_drop, const Fill& fill) {
    if ((wanted_ & for_run) == 0)
      return;
    auto out = agent_event("agent", stream, fill);
    add(out, for_run, may_drop);
  }

  /// The same twice: to whom started the run, and, with the session's row, to whom watches it.
  template <class Fill>
  void tool_stream(const Fill& fill) {
    if ((wanted_ & for_tools) != 0) {
      auto out = agent_event("agent", "tool", fill);
      add(out, for_tools, droppable::no);
    }
    if ((wanted_ & for_session_tools) != 0) {
      auto out = agent_event("session.tool", "tool", fill);
      if (const auto row = session_row_(event_.key); !row.empty())
        out.member_raw("session", row);
      add(out, for_session_tools, droppable::no);
    }
  }

  /// `fill` writes the members of `data`. The payload stays open.
  template <class Fill>
  json_writer agent_event(std::string_view name, std::string_view stream, const Fill& fill) const {
    auto out = begin_event_body(name);
    out.member("runId", event_.run_id).member("stream", stream).key("data").begin_object();
    fill(out);
    out.end_object().member("sessionKey", event_.key);
    out.member_if("agentId", event_.agent_id).member_if("sessionId", event_.session_id);
    out.member("seq", seq()).member("ts", event_.at);
    return out;
  }

  static void write_item(json_writer& out, std::string_view call_id, std::string_view name,
                         std::string_view phase, std::string_view status) {
    out.member("itemId", "tool:" + std::string{call_id})
        .member("toolCallId", call_id)
        .member("name", name)
        .member("kind", "tool")
        .member("phase", phase)
        .member("title", tool_title(name))
        .member("status", status)
        .member("commandBearing", false);
  }

  void begin_answer_anew() {
    run_.text.clear();
    run_.unfinished.clear();
    run_.told = 0;
    run_.gap = false;
    run_.replace_next = true;
  }

  /// What of `delta` is new and whole; nullopt when something before it is missing.
  std::optional<std::string> accept_text(const run_event::text_delta& delta) {
    const auto known = run_.told + run_.unfinished.size();
    if (delta.replace) {
      begin_answer_anew();
    } else if (delta.offset == 0 && known > 0) {
      begin_answer_anew();
      ++run_.answer;
    }
    const auto have = run_.told + run_.unfinished.size();
    if (delta.offset > have)
      run_.gap = true;
    if (run_.gap)
      return std::nullopt;
    const auto overlap = have - delta.offset;
    if (overlap < delta.text.size())
      run_.unfinished.append(delta.text, overlap, std::string::npos);
    const auto whole = whole_utf8_prefix(run_.unfinished);
    auto fresh = run_.unfinished.substr(0, whole);
    run_.unfinished.erase(0, whole);
    return fresh;
  }

  void remember(std::string_view fresh) {
    run_.told += fresh.size();
    const auto room = run_text_bytes_max - std::min(run_text_bytes_max, run_.text.size());
    run_.text += cut_utf8(fresh, room);
  }
  bool text_is_whole() const { return run_.text.size() == run_.told; }

  void tell_text(std::string_view fresh, tell whom) {
    if (whom != tell::chat_only) {
      remember(fresh);
      next_number();
      agent("assistant", droppable::yes, [&](json_writer& out) {
        if (text_is_whole())
          out.member("text", run_.text);
        out.member("delta", fresh)
            .member("itemId", event_.run_id + ":" + std::to_string(run_.answer));
        if (run_.replace_next)
          out.member("replace", true);
      });
    }
    if (whom != tell::agent_only)
      chat("delta", droppable::yes, [&](json_writer& out) {
        out.member("deltaText", fresh);
        if (run_.replace_next)
          out.member("replace", true);
        if (text_is_whole()) {
          out.key("message");
          write_chat_message(out, run_.text, event_.at);
        }
      });
    if (whom != tell::agent_only)
      run_.replace_next = false;
  }

  /// What the deltas lack of the final text; begins anew where they say something else.
  std::string missing_text(const std::string& final_text) {
    const auto told = run_.told;
    const auto agrees = !run_.gap && !run_.replace_next && final_text.size() >= told &&
                        final_text.compare(0, run_.text.size(), run_.text) == 0;
    if (agrees)
      return final_text.substr(told);
    const auto said_something = told > 0 || run_.gap || run_.replace_next;
    begin_answer_anew();
    run_.replace_next = said_something;
    return final_text;
  }

  /// No run, so nothing but the answer.
  void answered_at_once(const run_outcome& outcome) {
    next_number();
    chat("final", droppable::no, [&](json_writer& out) {
      out.member("stopReason", outcome.stop_reason).key("message");
      write_chat_message(out, outcome.text, outcome.ended_at);
    });
  }

  void completed(const run_outcome& outcome) {
    if (outcome.at_once)
      return answered_at_once(outcome);
    const auto missing = missing_text(outcome.text);
    const auto tell_missing = !missing.empty() || run_.replace_next;
    if (tell_missing)
      tell_text(missing, tell::agent_only);
    next_number();
    agent("lifecycle", droppable::no, [&](json_writer& out) {
      out.member("phase", "finishing")
          .member("stopReason", outcome.stop_reason)
          .member("aborted", false)
          .member("livenessState", "working")
          .member("endedAt", outcome.ended_at);
    });
    next_number();
    agent("lifecycle", droppable::no, [&](json_writer& out) {
      out.member("phase", "model").member_null("provider").member_null("model");
    });
    next_number();
    agent("lifecycle", droppable::no, [&](json_writer& out) {
      out.member("phase", "end")
          .member("startedAt", outcome.started_at)
          .member("endedAt", outcome.ended_at)
          .member("aborted", false)
          .member("stopReason", outcome.stop_reason)
          .member("livenessState", "working")
          .key("terminalReply");
      write_terminal_reply(out, outcome);
      out.key("terminalReceipt");
      write_terminal_receipt(out, outcome, run_.requested);
      out.member("executionSettled", true);
    });
    if (tell_missing)
      tell_text(missing, tell::chat_only);
    chat("final", droppable::no, [&](json_writer& out) {
      out.member_if("stopReason", outcome.stop_reason);
      if (!outcome.text.empty()) {
        out.key("message");
        write_chat_message(out, outcome.text, outcome.ended_at);
      }
    });
  }

  void aborted(const run_outcome& outcome) {
    next_number();
    chat("aborted", droppable::no, [&](json_writer& out) {
      out.member("stopReason", outcome.stop_reason.empty() ? "rpc" : outcome.stop_reason);
      if (!outcome.text.empty()) {
        out.key("message");
        write_chat_message(out, outcome.text, outcome.ended_at);
      }
    });
    agent("lifecycle", droppable::no, [&](json_writer& out) {
      out.member("phase", "end")
          .member("status", "cancelled")
          .member("aborted", true)
          .member("stopReason", outcome.stop_reason.empty() ? "rpc" : outcome.stop_reason)
          .member("startedAt", outcome.started_at)
          .member("endedAt", outcome.ended_at);
    });
  }

  void failed(const run_outcome& outcome) {
    const auto text = outcome.error.empty() ? std::string{"the run failed"} : outcome.error;
    next_number();
    agent("lifecycle", droppable::no, [&](json_writer& out) {
      out.member("phase", "error")
          .member("error", text)
          .member("startedAt", outcome.started_at)
          .member("endedAt", outcome.ended_at)
          .member("aborted", false)
          .member("stopReason", "error")
          .member("executionSettled", true);
    });
    chat("error", droppable::no, [&](json_writer& out) {
      const auto known = std::ranges::find(error_kinds, outcome.error_kind) != error_kinds.end();
      out.member("errorMessage", text)
          .member("errorKind", known ? std::string_view{outcome.error_kind} : "unknown");
    });
  }

  const run_event& event_;
  followed& run_;
  audience wanted_;
  const session_row_source& session_row_;
  event_batch events_;
};

event_projector::followed& event_projector::follow(const run_event& event) {
  if (runs_.size() >= runs_followed_max && !runs_.contains(event.run_id))
    forget_stalest();
  auto& run = runs_[event.run_id];
  run.heard = ++clock_;
  run.key = event.key;
  if (event.attempt > run.attempt) {
    // A later attempt says everything anew. Whoever saw an earlier one must be told.
    const auto earlier = event.attempt > 1;
    const auto requested = run.requested;
    const auto tells_phases = run.tells_phases;
    run = followed{};
    run.requested = requested;
    run.tells_phases = tells_phases;
    run.key = event.key;
    run.attempt = event.attempt;
    run.replace_next = earlier;
    run.heard = clock_;
  }
  return run;
}

void event_projector::forget_stalest() {
  const auto stalest =
      std::ranges::min_element(runs_, {}, [](const auto& known) { return known.second.heard; });
  if (stalest != runs_.end())
    runs_.erase(stalest);
}

event_batch event_projector::project(const run_event& event, audience wanted,
                                     const session_row_source& session_row) {
  if (const auto known = runs_.find(event.run_id);
      known != runs_.end() && event.attempt < known->second.attempt)
    return {}; // From an attempt that was taken over.
  // A message may be told after its run's end; that must not bring the run back.
  followed unknown;
  const auto only_tells = std::holds_alternative<run_event::message_committed>(event.what) &&
                          !runs_.contains(event.run_id);
  auto& run = only_tells ? unknown : follow(event);
  projection events{event, run, wanted, session_row};
  std::visit(events, event.what);
  if (std::holds_alternative<run_event::finished>(event.what))
    runs_.erase(event.run_id);
  return events.take();
}

std::string event_projector::in_flight(std::string_view key) const {
  for (const auto& [run_id, run] : runs_) {
    if (run.key != key || !run.started)
      continue;
    json_writer out;
    out.begin_object()
        .member("runId", run_id)
        .member("text", run.text)
        .member("startedAt", run.started_at)
        .key("events")
        .begin_array()
        .end_array()
        .end_object();
    return out.take();
  }
  return {};
}

} // namespace troupe::gateway
