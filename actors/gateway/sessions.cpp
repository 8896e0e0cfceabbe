#include "actors/gateway/sessions.hpp"

#include "actors/gateway/session_key.hpp"
#include "base/log.hpp"

#include <algorithm>

namespace troupe::gateway {
namespace {

constexpr std::size_t preview_bytes_max = 160;
constexpr std::size_t title_bytes_max = 80;
constexpr std::uint32_t context_window_default = 200'000;

std::string one_line(std::string_view text, std::size_t bytes_max) {
  std::string out{cut_utf8(text, bytes_max)};
  std::ranges::replace_if(
      out, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return out;
}

std::uint32_t context_window_of(const config::settings& settings, const config::model_ref& ref) {
  const auto provider = settings.providers.find(ref.provider);
  if (provider == settings.providers.end())
    return context_window_default;
  const auto& models = provider->second.models;
  const auto model = std::ranges::find(models, ref.model, &config::model_settings::id);
  return model == models.end() ? context_window_default : model->context_window;
}

config::model_ref parse_ref(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos)
    return {};
  return {std::string{text.substr(0, slash)}, std::string{text.substr(slash + 1)}};
}

std::string_view status_of(const tables::conversation_row& row) {
  return row.active_run.empty() ? std::string_view{row.last_status} : std::string_view{"running"};
}

std::string_view rest_of(const tables::conversation_row& row) {
  const auto agent = agent_of(row.key);
  return agent.empty() ? std::string_view{row.key}
                       : std::string_view{row.key}.substr(std::min(
                             row.key.size(), std::string_view{"agent:"}.size() + agent.size() + 1));
}

void write_numbers(json_writer& out, const tables::conversation_row& row,
                   const model_choice& chosen) {
  out.member("inputTokens", row.input_tokens)
      .member("outputTokens", row.output_tokens)
      .member("totalTokens", row.context_tokens)
      .member("totalTokensFresh", row.context_tokens > 0)
      .member("contextTokens", chosen.context_window);
}

void write_state(json_writer& out, const tables::conversation_row& row, wall_ms now) {
  out.member("hasActiveRun", !row.active_run.empty()).key("activeRunIds").begin_array();
  if (!row.active_run.empty())
    out.value(row.active_run);
  out.end_array();
  out.member_if("status", status_of(row));
  out.member_if("lastRunId", row.active_run.empty() ? row.last_run : row.active_run);
  out.member_if("lastRunError", row.quarantine);
  out.member("abortedLastRun", row.aborted_last_run)
      .member("snapshotAt", now)
      .member("sharingRole", "owner")
      .member("visibility", "shared");
}

/// What a user made of the session, with the times where there are any.
void write_marks(json_writer& out, const tables::conversation_row& row) {
  const auto mark = [&](std::string_view name, std::string_view time_name, wall_ms since) {
    out.member(name, since > 0);
    if (since > 0)
      out.member(time_name, since);
  };
  mark("archived", "archivedAt", row.archived_at);
  mark("pinned", "pinnedAt", row.pinned_at);
  mark("unread", "markedUnreadAt", row.marked_unread_at);
  if (row.last_read_at > 0)
    out.member("lastReadAt", row.last_read_at);
}

/// Those that are set, by their times.
void write_set_marks(json_writer& out, const tables::conversation_row& row) {
  const auto mark = [&](std::string_view name, wall_ms since) {
    if (since > 0)
      out.member(name, since);
  };
  mark("archivedAt", row.archived_at);
  mark("pinnedAt", row.pinned_at);
  mark("markedUnreadAt", row.marked_unread_at);
  mark("lastReadAt", row.last_read_at);
}

} // namespace

std::optional<tables::conversation_row> find_conversation(const replicated_log& log,
                                                          std::string_view canonical_key) {
  return find_conversation(*log.rows().snapshot(), log.shard_of(canonical_key), canonical_key);
}

std::optional<tables::conversation_row> find_conversation(const row_snapshot& rows, shard_id shard,
                                                          std::string_view canonical_key) {
  const auto row_key = tables::conversation_key(tables::digest_of(canonical_key));
  const auto bytes = rows.get(shard, row_key);
  if (!bytes || !bytes.value())
    return std::nullopt;
  auto row = tables::decode_conversation(*bytes.value());
  if (!row) {
    log::error("gateway", "conversation row of {} cannot be read: {}", canonical_key,
               row.error().detail);
    return std::nullopt;
  }
  return std::move(row).value();
}

std::optional<std::string> find_run_conversation(const replicated_log& log,
                                                 std::string_view run_id) {
  const auto snapshot = log.rows().snapshot();
  const auto index_key = tables::run_index_key(run_id);
  for (std::uint16_t shard = 0; shard < log.shards(); ++shard) {
    const auto run_key = snapshot->get(shard_id{shard}, index_key);
    if (!run_key || !run_key.value())
      continue;
    const auto bytes = snapshot->get(shard_id{shard}, *run_key.value());
    if (!bytes || !bytes.value())
      continue;
    if (auto run = tables::decode_run(*bytes.value()))
      return std::move(run).value().conversation;
  }
  return std::nullopt;
}

std::vector<tables::conversation_row> all_conversations(const replicated_log& log) {
  std::vector<tables::conversation_row> rows;
  const auto snapshot = log.rows().snapshot();
  const auto prefix = tables::conversation_prefix();
  for (std::uint16_t shard = 0; shard < log.shards(); ++shard) {
    const auto done = snapshot->scan(shard_id{shard}, prefix, {}, scan_order::ascending,
                                     [&](std::string_view, std::string_view value) {
                                       if (auto row = tables::decode_conversation(value))
                                         rows.push_back(std::move(row).value());
                                       return scan_step::more;
                                     });
    if (!done)
      log::error("gateway", "shard {} cannot be listed: {}", shard, done.error().detail);
  }
  std::ranges::sort(rows, [](const auto& a, const auto& b) {
    return a.updated_at != b.updated_at ? a.updated_at > b.updated_at : a.key < b.key;
  });
  return rows;
}

model_choice default_model(const config::settings& settings, std::string_view agent_id) {
  model_choice chosen;
  const auto* agent =
      settings.agents.find(agent_id.empty() ? settings.agents.default_id : agent_id);
  if (agent != nullptr)
    chosen.ref = agent->model;
  chosen.context_window = context_window_of(settings, chosen.ref);
  return chosen;
}

model_choice model_of(const tables::conversation_row& row, const config::settings& settings) {
  auto chosen = default_model(settings, row.agent_id);
  if (const auto ref = parse_ref(row.model); !ref.model.empty()) {
    chosen.ref = ref;
    chosen.context_window = context_window_of(settings, ref);
    chosen.overridden = true;
  }
  return chosen;
}

row_extras read_extras(const replicated_log& log, const tables::conversation_row& row) {
  row_extras extras;
  const auto digest = tables::digest_of(row.key);
  const auto shard = log.shard_of(row.key);
  const auto snapshot = log.rows().snapshot();
  const auto text_at = [&](std::uint64_t seq) -> std::string {
    const auto bytes = snapshot->get(shard, tables::message_key(digest, seq));
    if (!bytes || !bytes.value())
      return {};
    const auto message = tables::view_message(*bytes.value());
    return message ? std::string{message.value().text} : std::string{};
  };
  if (row.message_seq >= row.history_from) {
    extras.last_message = one_line(text_at(row.message_seq), preview_bytes_max);
    extras.derived_title = one_line(text_at(row.history_from), title_bytes_max);
  }
  return extras;
}

void write_thinking(json_writer& out) {
  out.member_raw("thinkingLevels", R"([{"id":"off","label":"off"}])")
      .member_raw("thinkingOptions", R"(["off"])")
      .member("thinkingDefault", "off");
}

void write_agent_runtime(json_writer& out) {
  out.member_raw("agentRuntime", R"({"id":"auto","cloudPlacementSupported":false,)"
                                 R"("devicePlacementSupported":false,"source":"implicit"})");
}

namespace {

/// The same in a row, which also tells where its turns would run elsewhere.
void write_row_runtime(json_writer& out) {
  out.member_raw("agentRuntime",
                 R"({"id":"auto","cloudPlacementSupported":false,)"
                 R"("cloudPlacementExecutionMode":"worker-turn",)"
                 R"("devicePlacement":{"requiredNodeCommands":[],"consumesWorkerSlot":false},)"
                 R"("devicePlacementSupported":false,"source":"implicit"})");
}

/// Who has written here: this gateway knows one person, its owner (protocol.md section 8).
void write_participants(json_writer& out, const tables::conversation_row& row) {
  constexpr std::string_view owner = R"([{"identity":{"type":"profile","id":"gateway-owner"}}])";
  if (row.message_seq == 0)
    return;
  out.member_raw("participants", owner)
      .member_raw("expandedParticipants", owner)
      .member("participantCount", 1);
}

/// Settings that clients show and that stand as they are: what would change them is not built.
void write_fixed_settings(json_writer& out, const config::settings& settings) {
  constexpr int fast_auto_seconds = 60; // Without a fast mode it never comes to that.
  out.member("permissionModePending", false)
      .member("effectiveFastMode", false)
      .member("effectiveFastModeSource", "default")
      .member("fastAutoOnSeconds", fast_auto_seconds)
      .member("effectiveResponseUsage", "off")
      .member("effectiveQueueMode", settings.queue.mode)
      .member("runtimeSelectionLocked", false)
      .member_raw("activitySummary", R"({"state":"unavailable","canEnsure":false})");
}

} // namespace

void write_session_row(json_writer& out, const tables::conversation_row& row,
                       const config::settings& settings, wall_ms now, const row_extras& extras,
                       std::string_view active_leaf) {
  const auto rest = rest_of(row);
  const auto is_main = rest == "main";
  const auto chosen = model_of(row, settings);
  out.begin_object()
      .member("key", row.key)
      .member("kind", "direct")
      .member("classification", is_main ? "main" : "custom")
      .member("chatType", "direct");
  out.member_if("agentId", row.agent_id).member_if("sessionId", row.session_id);
  out.member("createdAt", row.created_at).member("updatedAt", row.updated_at);
  out.member_if("label", row.label);
  out.member_if("displayName", !row.label.empty() ? std::string_view{row.label}
                               : is_main          ? ""
                                                  : rest);
  out.member_if("derivedTitle", extras.derived_title)
      .member_if("lastMessagePreview", extras.last_message);
  out.member("isMain", is_main)
      .member("isBackground", is_reserved_namespace(rest))
      .member("createdVia", "operator");
  write_marks(out, row);
  out.member_if("parentSessionKey", row.parent_key);
  out.member_if("modelProvider", chosen.ref.provider).member_if("model", chosen.ref.model);
  if (chosen.overridden)
    out.member("modelOverrideSource", "user");
  else
    out.member_null("modelOverrideSource");
  write_numbers(out, row, chosen);
  write_thinking(out);
  write_row_runtime(out);
  write_participants(out, row);
  write_fixed_settings(out, settings);
  write_state(out, row, now);
  if (!active_leaf.empty())
    out.member("activeLeafEntryId", active_leaf);
  out.end_object();
}

void write_resolved_model(json_writer& out, const tables::conversation_row& row,
                          const config::settings& settings, bool with_runtime) {
  const auto chosen = model_of(row, settings);
  out.begin_object().member("modelProvider", chosen.ref.provider).member("model", chosen.ref.model);
  if (with_runtime)
    out.member_raw("agentRuntime", R"({"id":"auto","source":"implicit"})")
        .member("runtimeSelectionLocked", false);
  out.end_object();
}

void write_session_entry(json_writer& out, const tables::conversation_row& row,
                         const config::settings& settings, bool was_reset) {
  const auto chosen = model_of(row, settings);
  const auto* agent = settings.agents.find(row.agent_id);
  out.begin_object()
      .member("sessionId", row.session_id)
      // A session that begins anew gets another id, so that is its revision too.
      .member("lifecycleRevision", row.session_id)
      .member("updatedAt", row.updated_at)
      .member("sessionRoot", agent == nullptr ? std::string{} : agent->workspace)
      .member_raw("delivery", was_reset || !row.last_run.empty() ? R"({"kind":"internal"})"
                                                                 : R"({"kind":"none"})")
      .member("createdVia", "operator")
      .member("createdAt", row.created_at)
      .member("spawnDepth", 0)
      .member("modelOverrideSource", chosen.overridden ? "user" : "default");
  write_set_marks(out, row);
  out.member_if("label", row.label).member_if("parentSessionKey", row.parent_key);
  if (chosen.overridden)
    out.member("providerOverride", chosen.ref.provider).member("modelOverride", chosen.ref.model);
  if (was_reset)
    out.member("sessionStartedAt", row.updated_at)
        .member("systemSent", false)
        .member("compactionCount", 0)
        .member("totalTokensVersion", 1);
  if (was_reset || !row.last_run.empty())
    out.member("abortedLastRun", row.aborted_last_run)
        .member("chatType", "direct")
        .member("inputTokens", row.input_tokens)
        .member("outputTokens", row.output_tokens)
        .member("totalTokens", row.context_tokens)
        .member("totalTokensFresh", was_reset || row.context_tokens > 0)
        .member("modelProvider", chosen.ref.provider)
        .member("model", chosen.ref.model);
  out.end_object();
}

void write_session_defaults(json_writer& out, const config::settings& settings,
                            std::string_view agent_id) {
  const auto chosen = default_model(settings, agent_id);
  out.begin_object()
      .member("modelProvider", chosen.ref.provider)
      .member("model", chosen.ref.model)
      .member("contextTokens", chosen.context_window);
  write_agent_runtime(out);
  write_thinking(out);
  out.member("modelSelectionTarget", "session").end_object();
}

} // namespace troupe::gateway
