#include "actors/gateway/reports.hpp"

#include "actors/gateway/sessions.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <vector>

namespace troupe::gateway {
namespace {

using rows = std::vector<tables::conversation_row>;

constexpr std::size_t recent_max = 5;
constexpr std::size_t recent_status_max = 10;

std::string store_path(const gateway_context& context) {
  return context.config->where.state_dir + "/store";
}

void write_sessions(json_writer& out, const rows& sessions, std::string_view agent,
                    const gateway_context& context, wall_ms now) {
  const auto mine = [&](const auto& row) { return agent.empty() || row.agent_id == agent; };
  out.begin_object()
      .member("path", store_path(context))
      .member("count", std::ranges::count_if(sessions, mine))
      .key("recent")
      .begin_array();
  std::size_t shown = 0;
  for (const auto& row : sessions) {
    if (!mine(row) || shown++ >= recent_max)
      continue;
    out.begin_object()
        .member("key", row.key)
        .member("updatedAt", row.updated_at)
        .member("age", std::max<wall_ms>(0, now - row.updated_at))
        .end_object();
  }
  out.end_array().end_object();
}

void write_health_agent(json_writer& out, const config::agent_settings& agent,
                        const gateway_context& context, const rows& sessions, wall_ms now) {
  out.begin_object()
      .member("agentId", agent.id)
      .member("isDefault", agent.id == context.config->values.agents.default_id)
      .member_raw("heartbeat", R"({"enabled":false,"every":"disabled","everyMs":null,)"
                               R"("prompt":"","target":"none","ackMaxChars":0})")
      .key("sessions");
  write_sessions(out, sessions, agent.id, context, now);
  out.end_object();
}

std::uint64_t resident_bytes() {
  std::ifstream statm{"/proc/self/statm"};
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::uint64_t>(std::max(1L, sysconf(_SC_PAGESIZE)));
}

struct cached_tokens {
  std::uint64_t read = 0;
  std::uint64_t written = 0;
};

/// Of the newest message, which is an answer when no run is active.
cached_tokens cached_tokens_of(const replicated_log& log, const tables::conversation_row& row) {
  const auto key = tables::message_key(tables::digest_of(row.key), row.message_seq);
  const auto bytes = log.rows().snapshot()->get(log.shard_of(row.key), key);
  if (!bytes || !bytes.value())
    return {};
  const auto message = tables::decode_message(*bytes.value());
  return message ? cached_tokens{message.value().cache_read, message.value().cache_write}
                 : cached_tokens{};
}

void write_recent(json_writer& out, const tables::conversation_row& row,
                  const gateway_context& context, wall_ms now) {
  const auto config = context.config.get();
  const auto& settings = config->values;
  const auto cached = cached_tokens_of(*context.log, row);
  const auto chosen = model_of(row, settings);
  const auto window = std::max<std::uint64_t>(1, chosen.context_window);
  out.begin_object()
      .member("agentId", row.agent_id)
      .member("key", row.key)
      .member("kind", "direct")
      .member("sessionId", row.session_id)
      .member("updatedAt", row.updated_at)
      .member("age", std::max<wall_ms>(0, now - row.updated_at))
      .member("abortedLastRun", row.aborted_last_run)
      .member("inputTokens", row.input_tokens)
      .member("outputTokens", row.output_tokens)
      .member("totalTokens", row.context_tokens)
      .member("totalTokensFresh", row.context_tokens > 0)
      .member("cacheRead", cached.read)
      .member("cacheWrite", cached.written)
      .member("remainingTokens", window > row.context_tokens ? window - row.context_tokens : 0)
      .member("percentUsed", std::min<std::uint64_t>(100, row.context_tokens * 100 / window))
      .member("model", chosen.ref.model)
      .member("configuredModel", default_model(settings, row.agent_id).ref.text())
      .member("selectedModel", chosen.ref.text())
      .member_null("modelSelectionReason")
      .member("runtime", "Troupe")
      .member("contextTokens", chosen.context_window)
      .key("flags")
      .begin_array();
  if (!row.quarantine.empty())
    out.value("quarantined");
  out.end_array().end_object();
}

void write_recents(json_writer& out, const rows& sessions, std::string_view agent,
                   const gateway_context& context, wall_ms now) {
  out.begin_array();
  std::size_t shown = 0;
  for (const auto& row : sessions)
    if ((agent.empty() || row.agent_id == agent) && shown++ < recent_status_max)
      write_recent(out, row, context, now);
  out.end_array();
}

void write_status_sessions(json_writer& out, const rows& sessions, const gateway_context& context,
                           wall_ms now) {
  const auto config = context.config.get();
  const auto& settings = config->values;
  const auto usual = default_model(settings, {});
  out.begin_object().key("paths").begin_array().value(store_path(context)).end_array();
  out.member("count", sessions.size())
      .key("defaults")
      .begin_object()
      .member("model", usual.ref.model)
      .member("contextTokens", usual.context_window)
      .end_object()
      .key("recent");
  write_recents(out, sessions, {}, context, now);
  out.key("byAgent").begin_array();
  for (const auto& agent : settings.agents.entries) {
    out.begin_object()
        .member("agentId", agent.id)
        .member("path", store_path(context))
        .member("count",
                std::ranges::count(sessions, agent.id, &tables::conversation_row::agent_id))
        .key("recent");
    write_recents(out, sessions, agent.id, context, now);
    out.end_object();
  }
  out.end_array().end_object();
}

void write_texts(json_writer& out, const std::vector<std::string>& texts) {
  out.begin_array();
  for (const auto& text : texts)
    out.value(text);
  out.end_array();
}

config_state reload_state(const gateway_context& context) {
  return context.config_control ? context.config_control->state() : config_state{};
}

void write_reload(json_writer& out, const gateway_context& context) {
  const auto state = reload_state(context);
  out.key("reload")
      .begin_object()
      .member("mode", state.mode)
      .member("generation", state.generation)
      .member("appliedAt", state.applied_at)
      .key("restartNeeded");
  write_texts(out, state.restart_needed);
  out.member_if("refused", state.refused).end_object();
}

std::string_view pressure_name(storage_pressure pressure) {
  switch (pressure) {
  case storage_pressure::none:
    return "none";
  case storage_pressure::high:
    return "high";
  case storage_pressure::full:
    break;
  }
  return "full";
}

} // namespace

std::string health_report(const gateway_context& context) {
  const auto begun = std::chrono::steady_clock::now();
  const auto now = context.time->now_wall_ms();
  const auto config = context.config.get();
  const auto& agents = config->values.agents;
  const auto sessions = all_conversations(*context.log);
  json_writer out;
  out.begin_object().member("ok", true).member("ts", now);
  json_writer rest; // Written first, because it is what `durationMs` measures.
  rest.begin_array();
  for (const auto& agent : agents.entries)
    write_health_agent(rest, agent, context, sessions, now);
  rest.end_array();
  const auto spent = std::chrono::steady_clock::now() - begun;
  out.member("durationMs", std::chrono::duration_cast<std::chrono::milliseconds>(spent).count())
      .member_raw("plugins", R"({"loaded":[],"errors":[],"unavailable":[]})")
      .member_raw("configReload", reload_state(context).mode == "off"
                                      ? R"({"hotReloadStatus":"disabled"})"
                                      : R"({"hotReloadStatus":"active"})")
      .member_raw("channels", "{}")
      .member_raw("channelOrder", "[]")
      .member_raw("channelLabels", "{}")
      .member("heartbeatSeconds", 0)
      .member("defaultAgentId", agents.default_id)
      .member_raw("agents", rest.take())
      .key("sessions");
  write_sessions(out, sessions, {}, context, now);
  out.end_object();
  return out.take();
}

std::string status_report(const gateway_context& context) {
  const auto now = context.time->now_wall_ms();
  const auto config = context.config.get();
  const auto& agents = config->values.agents;
  json_writer out;
  out.begin_object()
      .member("runtimeVersion", context.version)
      .key("heartbeat")
      .begin_object()
      .member("defaultAgentId", agents.default_id)
      .key("agents")
      .begin_array();
  for (const auto& agent : agents.entries)
    out.begin_object()
        .member("agentId", agent.id)
        .member("enabled", false)
        .member("every", "disabled")
        .member_null("everyMs")
        .member("waitingForRoute", false)
        .end_object();
  out.end_array().end_object();
  out.member_raw("channelSummary", "[]").member_raw("queuedSystemEvents", "[]");
  out.member_raw("hostDesktop", R"({"enabled":false,"state":"disabled","port":0})");
  out.member_raw("degradedPlugins", "[]").member_raw("degradedSecretOwners", "[]");
  out.member_raw("tasks", R"({"total":0,"active":0,"terminal":0,"failures":0,)"
                          R"("byStatus":{"queued":0,"running":0,"succeeded":0,"failed":0,)"
                          R"("timed_out":0,"cancelled":0,"lost":0},)"
                          R"("byRuntime":{"subagent":0,"acp":0,"cli":0,"cron":0}})");
  out.member_raw("taskAudit", R"({"total":0,"warnings":0,"errors":0,"byCode":{"stale_queued":0,)"
                              R"("stale_running":0,"lost":0,"delivery_failed":0,)"
                              R"("missing_cleanup":0,"inconsistent_timestamps":0}})");
  out.key("sessions");
  write_status_sessions(out, all_conversations(*context.log), context, now);
  out.key("processMemory").begin_object().member("rssBytes", resident_bytes()).end_object();
  out.member("pid", getpid())
      .key("node")
      .begin_object()
      .member("started", context.status->started.load())
      .member("draining", context.status->draining.load())
      .member("shardsLed", context.status->shards_led.load())
      .member("shardsTotal", context.shards_total)
      .member("runsActive", context.status->runs_active.load())
      .member("clients", context.status->clients.load())
      .member("storagePressure", pressure_name(context.log->pressure()))
      .end_object();
  out.key("config").begin_object().member("path", config->where.config_path);
  out.key("unenforced");
  write_texts(out, config->unenforced);
  out.key("noEffect");
  write_texts(out, config->no_effect);
  if (!agents.model_note.empty())
    out.member("modelNote", agents.model_note);
  write_reload(out, context);
  out.end_object().end_object();
  return out.take();
}

void write_self_presence(json_writer& out, const gateway_context& context, std::string_view host,
                         std::string_view boot_id) {
  out.begin_object()
      .member("host", host)
      .member("version", context.version)
      .member("platform", "linux")
      .member("deviceFamily", "Linux")
      .member("mode", "gateway")
      .member("reason", "self")
      .member("instanceId", boot_id)
      .member("text", "Gateway: " + std::string{host} + " · app " + context.version +
                          " · mode gateway · reason self")
      .member("ts", context.time->now_wall_ms())
      .end_object();
}

} // namespace troupe::gateway
