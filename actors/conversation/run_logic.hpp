#pragma once

#include "actors/conversation/prompt.hpp"
#include "actors/messages.hpp"
#include "actors/model/types.hpp"
#include "actors/tool/tool.hpp"
#include "persistence/tables/conversation_tables.hpp"

#include <string>
#include <variant>
#include <vector>

/// How one run goes from its user message to its answer, without actors, clocks or sockets.
///
///     ask_model ──▶ answer ──▶ close
///         ▲           │ asks for tools
///         │           ▼
///         └── tools ◀─ record {assistant message, intents}
///                │
///                └─ results of `once` tools, or many bytes of them: record first
///
/// A call of the caller's own tool ends the run, once ours of the same answer have run.
/// Taken up again after a crash it starts from the transcript's committed end: a call without a
/// result runs again, unless it is `once`: then the model is told that the result is unknown.
namespace troupe {

/// A call that may start now: its intent is committed, or it needs none.
struct planned_call {
  tables::tool_call call;
  const tool_declaration* tool = nullptr;
};

class run_logic {
public:
  struct ask_model {
    model::model_request request;
  };
  struct run_tools {
    std::vector<planned_call> calls;
  };
  /// To be committed before `recorded()` is called.
  struct record {
    std::vector<tables::message_row> messages;
    std::vector<tables::intent_row> intents;
    std::vector<std::string> settled_calls;
  };
  /// The run's last batch.
  struct close {
    std::vector<tables::message_row> messages;
    std::vector<std::string> settled_calls;
    run_outcome outcome;
  };
  using action = std::variant<ask_model, run_tools, record, close>;

  /// `intents`: the open ones of this run.
  run_logic(tables::run_row run, prompt_inputs inputs, std::string provider, std::string api,
            transcript before, const std::vector<tables::intent_row>& intents);

  /// What is to be done now. Asked again only after one of the calls below.
  action next();

  void answered(const model::model_result& answer);
  void failed(const model::model_failure& failure, std::string partial_text);
  /// One output per call of `run_tools`, in its order.
  void tools_finished(const std::vector<tool_output>& outputs);
  void recorded();
  /// The run is to end now: aborted by a caller, or out of time. Not while a `record` is on its
  /// way.
  void stop(tables::run_status status, std::string stop_reason, std::string error_text,
            std::string partial_text);

  std::uint32_t model_calls() const { return model_calls_; }

private:
  void resume(const std::vector<tables::intent_row>& intents);
  void end_with_calls();
  void plan_calls(const std::vector<tables::tool_call>& calls);
  void note_tool(const std::string& name);
  tables::message_row assistant_message(std::string text, std::string_view stop_reason) const;
  void add_result(const tables::tool_call& call, std::string text, bool is_error);
  void finish(tables::run_status status, std::string stop_reason);
  std::size_t unrecorded_bytes() const;

  tables::run_row run_;
  prompt_inputs inputs_;
  std::string provider_;
  std::string api_;
  transcript before_;                           ///< Committed.
  std::vector<tables::message_row> unrecorded_; ///< Behind it, not yet committed.
  std::vector<tables::intent_row> new_intents_;
  std::vector<std::string> settled_;
  std::vector<planned_call> ready_; ///< Calls to run once what is unrecorded is committed.
  std::vector<tables::tool_call> callers_calls_; ///< What the caller is to run: they end the run.
  bool record_first_ = false;
  bool closing_ = false;
  run_outcome outcome_;
  std::uint32_t model_calls_ = 0;
};

} // namespace troupe
