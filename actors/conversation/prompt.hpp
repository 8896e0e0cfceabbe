#pragma once

#include "actors/model/types.hpp"
#include "actors/tool/tool.hpp"
#include "config/settings.hpp"
#include "persistence/journal/row_store.hpp"
#include "persistence/tables/caller_tables.hpp"
#include "persistence/tables/conversation_tables.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace troupe {

struct prompt_inputs {
  const config::agent_settings* agent = nullptr;
  const config::model_settings* model = nullptr;
  const tool_catalog* tools = nullptr;
  std::string session_key;
  std::string extra_system_prompt;
  std::string provider{};                         ///< Whose model it is.
  const tables::caller_options* caller = nullptr; ///< Null: no wishes.

  /// A tool of ours that the run may use: one of the caller's by the same name hides it.
  const tool_declaration* own_tool(std::string_view name) const;
  bool is_callers_tool(std::string_view name) const;
};

/// Bytes of transcript that are worth reading for `model`: its window less the answer, at four
/// bytes a token.
std::size_t transcript_bytes_max(const config::model_settings& model);

/// What a run's prompts are made of, with whole texts.
struct transcript {
  model::prompt_messages::shared earlier;  ///< Of earlier turns, as a prompt has them.
  std::vector<tables::message_row> of_run; ///< Committed of this run, from its user message on.
  std::string notes{};                     ///< Instructions of a caller's account of earlier turns.
};

/// The transcript of a conversation's current session: what fits `bytes_max` and
/// `prompt_messages_max`, counted from the newest, and all from `run_from` on: a run that is taken
/// up again must see what it saw before. Errors: `corrupt`.
result<transcript>
read_transcript(const row_snapshot& rows, shard_id shard, const tables::conversation_row& row,
                const prompt_inputs& inputs, std::size_t bytes_max,
                std::uint64_t run_from = std::numeric_limits<std::uint64_t>::max());

/// The same of a session whose messages are all of this run, and in memory. Errors: `corrupt`.
result<transcript> transcript_of_run(const prompt_inputs& inputs,
                                     std::vector<tables::message_row> messages);

/// One model call's prompt: a stable system text first (so that provider caches hit), then the
/// transcript. Calls that never got a result are answered as interrupted, because providers refuse
/// a call without one; results whose call was cut off are left out. What a model thought goes back
/// to the same model only.
/// `unrecorded` follows `before`.
model::model_request build_prompt(const prompt_inputs& inputs, const transcript& before,
                                  const std::vector<tables::message_row>& unrecorded = {});

} // namespace troupe
