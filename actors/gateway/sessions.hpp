#pragma once

#include "actors/gateway/json_writer.hpp"
#include "cluster/log/replicated_log.hpp"
#include "config/settings.hpp"
#include "persistence/tables/conversation_tables.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Conversations as clients see them: session rows. Source: protocol.md section 8.
namespace troupe::gateway {

/// The row of one conversation; nullopt when there is none (or it cannot be read: logged).
std::optional<tables::conversation_row> find_conversation(const replicated_log& log,
                                                          std::string_view canonical_key);
/// The same in a snapshot that the caller holds.
std::optional<tables::conversation_row> find_conversation(const row_snapshot& rows, shard_id shard,
                                                          std::string_view canonical_key);
/// The conversation that a run belongs to, by the run's id alone; nullopt: nobody knows the run.
std::optional<std::string> find_run_conversation(const replicated_log& log,
                                                 std::string_view run_id);
/// Every conversation of every shard, newest first. Cost: one scan of all conversation rows.
std::vector<tables::conversation_row> all_conversations(const replicated_log& log);

/// What answers when nothing else is chosen.
struct model_choice {
  config::model_ref ref;
  std::uint32_t context_window = 0;
  bool overridden = false; ///< Chosen for the session, not by config.
};
model_choice model_of(const tables::conversation_row& row, const config::settings& settings);
model_choice default_model(const config::settings& settings, std::string_view agent_id);

/// What a row tells beyond its own fields.
struct row_extras {
  std::string last_message;
  std::string derived_title;
};
/// First user message and last text of a conversation, cut to a line.
row_extras read_extras(const replicated_log& log, const tables::conversation_row& row);

void write_session_row(json_writer& out, const tables::conversation_row& row,
                       const config::settings& settings, wall_ms now, const row_extras& extras = {},
                       std::string_view active_leaf = {});
/// What the stored session says of itself: `entry` of sessions.create, sessions.patch and
/// sessions.reset. Numbers only where there was a run or a reset. Source: protocol.md section 8.
void write_session_entry(json_writer& out, const tables::conversation_row& row,
                         const config::settings& settings, bool was_reset = false);
/// `resolved` of the same; sessions.patch also says what runs it.
void write_resolved_model(json_writer& out, const tables::conversation_row& row,
                          const config::settings& settings, bool with_runtime = false);
/// `defaults` of sessions.list and chat.history.
void write_session_defaults(json_writer& out, const config::settings& settings,
                            std::string_view agent_id);
/// thinkingLevels, thinkingOptions, thinkingDefault: no model of ours thinks aloud yet.
void write_thinking(json_writer& out);
void write_agent_runtime(json_writer& out);

} // namespace troupe::gateway
