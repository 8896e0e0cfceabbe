#include "actors/gateway/run_result.hpp"

#include <algorithm>

namespace troupe::gateway {
namespace {

std::string_view disposition(const run_outcome& outcome) {
  return outcome.text.empty() ? "empty" : "visible";
}

void write_model(json_writer& out, std::string_view provider, std::string_view model) {
  out.begin_object().member("provider", provider).member("model", model).end_object();
}

std::string error_text(const run_outcome& outcome) {
  if (outcome.status == tables::run_status::aborted)
    return "aborted";
  return outcome.error.empty() ? "the run failed" : outcome.error;
}

void write_usage(json_writer& out, const run_outcome& outcome) {
  out.begin_object()
      .member("input", outcome.input_tokens)
      .member("output", outcome.output_tokens)
      .member("cacheRead", outcome.cache_read)
      .member("cacheWrite", outcome.cache_write)
      .member("total", outcome.input_tokens + outcome.output_tokens)
      .member_raw("cost", R"({"total":0})")
      .end_object();
}

void write_agent_meta(json_writer& out, const run_outcome& outcome) {
  out.begin_object();
  out.member_if("sessionId", outcome.session_id)
      .member_if("sessionFile", outcome.key)
      .member_if("provider", outcome.provider)
      .member_if("model", outcome.model);
  out.member("agentHarnessId", "troupe").member("codeModeEngaged", false);
  out.member("promptTokens", outcome.input_tokens)
      .member_raw("bridgeCalls", R"({"search":0,"describe":0,"call":0})")
      .key("usage");
  write_usage(out, outcome);
  out.key("terminalReceipt");
  write_terminal_receipt(out, outcome, {});
  out.end_object();
}

/// No other model steps in and no reply is sent elsewhere, so there is one attempt and it is told.
void write_execution(json_writer& out, const run_outcome& outcome) {
  out.key("executionTrace")
      .begin_object()
      .member("winnerProvider", outcome.provider)
      .member("winnerModel", outcome.model)
      .key("attempts")
      .begin_array();
  out.begin_object()
      .member("provider", outcome.provider)
      .member("model", outcome.model)
      .member("result", "success")
      .member("stage", "assistant")
      .end_object();
  out.end_array().member("fallbackUsed", false).member("runner", "embedded").end_object();
  out.key("completion")
      .begin_object()
      .member("stopReason", outcome.stop_reason)
      .member("finishReason", outcome.stop_reason)
      .end_object();
  out.member_raw("requestShaping", R"({"thinking":"off"})")
      .member("finalAssistantVisibleText", outcome.text)
      .member("finalAssistantRawText", outcome.text)
      .member("replayInvalid", false)
      .member("livenessState", "working");
}

void write_meta(json_writer& out, const run_outcome& outcome) {
  const auto began = outcome.started_at > 0 ? outcome.started_at : outcome.accepted_at;
  out.begin_object()
      .member("durationMs", std::max<wall_ms>(0, outcome.ended_at - began))
      .key("agentMeta");
  write_agent_meta(out, outcome);
  out.member("aborted", outcome.status == tables::run_status::aborted);
  out.member_if("stopReason", outcome.stop_reason);
  if (outcome.status == tables::run_status::ok)
    write_execution(out, outcome);
  out.end_object();
}

} // namespace

void write_terminal_reply(json_writer& out, const run_outcome& outcome) {
  out.begin_object().member("disposition", disposition(outcome));
  out.member_if("text", outcome.text).end_object();
}

void write_terminal_receipt(json_writer& out, const run_outcome& outcome,
                            const config::model_ref& requested) {
  const auto asked =
      requested.model.empty() ? config::model_ref{outcome.provider, outcome.model} : requested;
  out.begin_object()
      .member("runId", outcome.run_id)
      .member("sessionId", outcome.session_id)
      .member("turnId", outcome.run_id)
      .key("requested");
  write_model(out, asked.provider, asked.model);
  out.key("effective")
      .begin_object()
      .member("provider", outcome.provider)
      .member("model", outcome.model)
      .member("responseModel", outcome.model)
      .end_object();
  out.key("successfulToolNames").begin_array();
  for (const auto& tool : outcome.tools_used)
    out.value(tool);
  out.end_array()
      .member("rerouted", asked.provider != outcome.provider || asked.model != outcome.model)
      .member("terminalDisposition", disposition(outcome))
      .end_object();
}

agent_result agent_result_of(const run_outcome& outcome) {
  agent_result told;
  json_writer out;
  out.begin_object().member("runId", outcome.run_id);
  // An aborted run that said something has an answer; CLI and SDK read it from here.
  told.failed = outcome.status != tables::run_status::ok;
  if (told.failed) {
    told.error = error_text(outcome);
    out.member("status", "error").member("summary", told.error);
  } else {
    out.member("status", "ok").member("summary", "completed");
  }
  out.key("result").begin_object().key("payloads").begin_array();
  if (!outcome.text.empty())
    out.begin_object().member("text", outcome.text).member_null("mediaUrl").end_object();
  out.end_array().key("meta");
  write_meta(out, outcome);
  out.member("sourceReplyDeliveryState", "missing").end_object().end_object();
  told.payload = out.take();
  return told;
}

std::string agent_wait_result(const run_outcome& outcome) {
  json_writer out;
  out.begin_object().member("runId", outcome.run_id);
  const auto ok = outcome.status == tables::run_status::ok;
  out.member("status", ok ? "ok" : "error").member("endedAt", outcome.ended_at);
  if (ok) {
    out.key("terminalReceipt");
    write_terminal_receipt(out, outcome, {});
    out.key("terminalReply");
    write_terminal_reply(out, outcome);
  } else {
    out.member("error", error_text(outcome)).member_if("stopReason", outcome.stop_reason);
  }
  out.end_object();
  return out.take();
}

std::string agent_wait_timeout(std::string_view run_id) {
  json_writer out;
  out.begin_object().member("runId", run_id).member("status", "timeout").end_object();
  return out.take();
}

} // namespace troupe::gateway
