#include "app/cli/run_view.hpp"

#include "app/cli/json_view.hpp"

namespace troupe::cli {

namespace json = boost::json;

namespace {

/// The transcript messages that belong to the run, in order: those that name it, and what follows
/// its user message. Source: protocol.md section 6.
std::vector<const json::value*> messages_of(const json::value& history, const std::string& run_id) {
  std::vector<const json::value*> found;
  const auto* messages = find(history, "messages");
  const auto* list = messages ? messages->if_array() : nullptr;
  if (!list)
    return found;
  bool behind_our_input = false;
  for (const auto& message : *list) {
    if (text_at(message, "role") == "user") {
      behind_our_input = text_at(message, "idempotencyKey") == run_id + ":user";
      continue;
    }
    const auto named = text_at(message, "__openclaw.runId");
    if (named.empty() ? behind_our_input : named == run_id)
      found.push_back(&message);
  }
  return found;
}

bool closes_a_run(const json::value& message) {
  const auto reason = text_at(message, "stopReason");
  return text_at(message, "role") == "assistant" && !reason.empty() && reason != "toolUse";
}

} // namespace

void run_view::on_acknowledged(const json::value& payload) {
  const auto status = text_at(payload, "status");
  if (status == "started")
    return;
  // The key was seen before: events of that time are gone.
  wants_history_ = true;
  finished_elsewhere_ = status != "in_flight" && status != "accepted";
  if (status == "error")
    recorded_error_ =
        text_at(payload, "error").empty() ? text_at(payload, "summary") : text_at(payload, "error");
}

void run_view::on_event(const event& happened) {
  if (ended_)
    return;
  if (happened.missed)
    wants_history_ = true;
  if (text_at(happened.payload, "runId") != run_id_)
    return;
  if (happened.name == "chat")
    on_chat(happened.payload);
  else if (happened.name == "agent")
    on_agent(happened.payload);
}

void run_view::on_chat(const json::value& payload) {
  const auto state = text_at(payload, "state");
  const auto* content = find(payload, "message.content");
  const auto text = content ? content_text(*content) : std::string{};
  if (state == "delta")
    printer_.delta(text_at(payload, "deltaText"), content ? &text : nullptr,
                   flag_at(payload, "replace"));
  else if (state == "final")
    end(text);
  else if (state == "aborted")
    end_aborted(text);
  else if (state == "error")
    end_badly(text_at(payload, "errorMessage"));
}

void run_view::on_agent(const json::value& payload) {
  const auto stream = text_at(payload, "stream");
  const auto phase = text_at(payload, "data.phase");
  if (stream == "item" && text_at(payload, "data.kind") == "tool") {
    const bool failed = phase == "end" && text_at(payload, "data.status") == "failed";
    on_tool(text_at(payload, "data.toolCallId"), text_at(payload, "data.name"), failed);
  } else if (stream == "run_status" && phase == "retrying") {
    printer_.aside("· the model did not answer; trying again (" +
                   std::to_string(number_at(payload, "data.retryAttempt")) + " of " +
                   std::to_string(number_at(payload, "data.maxRetries")) + ") …");
  }
}

void run_view::on_tool(std::string_view call_id, std::string_view name, bool failed) {
  const auto shown = std::string{name};
  if (tools_shown_.insert(std::string{call_id}).second)
    printer_.aside("· " + shown + " …");
  printer_.part_ended();
  if (failed && tools_shown_.insert(std::string{call_id} + " failed").second)
    printer_.aside("· " + shown + " failed");
}

void run_view::on_history(const json::value& payload) {
  wants_history_ = false;
  if (ended_)
    return;
  const auto messages = messages_of(payload, run_id_);
  for (const auto* message : messages)
    if (const auto* blocks = find(*message, "content"); blocks && blocks->is_array())
      for (const auto& block : blocks->get_array())
        if (text_at(block, "type") == "toolCall")
          on_tool(text_at(block, "id"), text_at(block, "name"), false);
  if (text_at(payload, "inFlightRun.runId") == run_id_) {
    const auto so_far = text_at(payload, "inFlightRun.text");
    // What is shown may be ahead of what was read.
    if (!so_far.empty() && !std::string_view{text()}.starts_with(so_far))
      printer_.so_far(so_far);
  } else if (!messages.empty() && closes_a_run(*messages.back())) {
    end_as_recorded(*messages.back());
  } else if (recorded_error_) {
    end_badly(*recorded_error_);
  } else if (finished_elsewhere_) {
    printer_.aside("· answered before; the answer is no longer in the history");
    end({});
  }
}

void run_view::complete(std::string_view text) {
  if (!ended_)
    end(text);
}

void run_view::end_as_recorded(const json::value& last) {
  const auto* content = find(last, "content");
  const auto text = content ? content_text(*content) : std::string{};
  const auto reason = text_at(last, "stopReason");
  if (reason == "error")
    return end_badly(text_at(last, "errorMessage"));
  if (reason == "aborted")
    return end_aborted(text);
  end(text);
}

void run_view::end(std::string_view final) {
  printer_.finish(final);
  ended_ = true;
}

void run_view::end_aborted(std::string_view partial) {
  printer_.finish(partial);
  printer_.aside("· stopped");
  aborted_ = true;
  ended_ = true;
}

void run_view::end_badly(std::string_view message) {
  printer_.finish({});
  failed_ = failure{exit_status::failed,
                    "run_failed",
                    message.empty() ? "the run failed" : "the run failed: " + std::string{message},
                    "send the message again; the gateway's log says more",
                    {}};
  ended_ = true;
}

} // namespace troupe::cli
