#pragma once

#include "actors/messages.hpp"
#include "actors/model/types.hpp"
#include "actors/tool/tool.hpp"

#include <memory>
#include <string>
#include <vector>

/// Between a conversation, its run, and the run's model call and tools.
namespace troupe {

/// Run → conversation: commit this and answer `step_recorded`.
struct record_step {
  std::uint32_t attempt = 0; ///< A step of an earlier attempt is dropped.
  std::vector<tables::message_row> messages;
  std::vector<tables::intent_row> intents;
  std::vector<std::string> settled_calls;
};
/// Conversation → run: the step is committed; the messages as they were written.
struct step_recorded {
  std::vector<std::shared_ptr<const tables::message_row>> messages;
};
/// Run → conversation: the last batch. The run is ended by its parent after the commit.
struct close_run {
  std::uint32_t attempt = 0;
  std::vector<tables::message_row> messages;
  std::vector<std::string> settled_calls;
  run_outcome outcome;
};
/// Conversation → run: close now.
struct stop_run {
  tables::run_status status = tables::run_status::aborted;
  std::string reason;
  std::string error_text;
};

/// Model call → run: text that follows what came before. `restart`: an earlier try broke off,
/// forget its text.
struct model_text {
  std::string text;
  bool restart = false;
};
/// Model call → run: the provider failed and is asked again.
struct model_retrying {
  unsigned attempt = 0;
  unsigned attempts_max = 0;
  std::chrono::milliseconds delay{};
  std::string reason;
  std::string message;
};
/// Model call → run: its last message.
struct model_ended {
  std::shared_ptr<const model::model_outcome> outcome;
};

/// Tool → run: its last message.
struct tool_ended {
  std::size_t position = 0; ///< In `run_logic::run_tools::calls`.
  tool_output output;
};

/// Timers of a run.
struct flush_text {};

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::record_step)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::step_recorded)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::close_run)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::stop_run)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::model_text)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::model_retrying)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::model_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::tool_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::flush_text)
