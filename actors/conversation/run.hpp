#pragma once

#include "actors/conversation/context.hpp"
#include "actors/conversation/run_logic.hpp"
#include "actors/conversation/run_messages.hpp"
#include "actors/support/observed.hpp"

#include <caf/actor.hpp>

#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// What a run starts from: rows that are committed, but for an ephemeral conversation's first.
struct run_seed {
  tables::run_row run;
  tables::conversation_row conversation;
  std::string path;
  /// The session's messages, with whole texts, while none of them is in the rows; else empty.
  std::vector<tables::message_row> transcript{};
};

struct run_state {
  static constexpr const char* name = "run";

  // Constant after the start.
  registration place;
  conversation_context_ptr context;
  model_access_ptr models; ///< With their config, as they were when the run began.
  shard_place home;
  run_seed seed;
  caf::actor parent;
  std::string model_text;        ///< "provider/model"
  std::chrono::seconds limit{0}; ///< 0: none.
  std::chrono::nanoseconds started{};

  pulse::membership watched;     ///< While it has a limit.
  credit slot_held;              ///< The node's place for a run in flight.
  tables::caller_options caller; ///< `logic` looks at it.
  std::optional<run_logic> logic;
  bool recording = false; ///< A step is on its way to the disk.
  bool closing = false;
  std::optional<stop_run> stop_after_record;

  // The model call in progress.
  caf::actor call;
  std::string answer;                    ///< Its text so far.
  bool unlisted = false;                 ///< There is no row of the session yet.
  bool announced = false;                ///< Whoever lists sessions was told that it runs.
  std::size_t told_bytes = 0;            ///< Of `answer`, already published.
  bool replace_text = false;             ///< The next delta replaces what clients have.
  bool flush_due = false;                ///< A flush timer runs.
  std::chrono::nanoseconds flushed_at{}; ///< When text was published last; 0: never.

  // The round of tools in progress.
  std::vector<caf::actor> tools;
  std::vector<planned_call> calls;
  std::vector<wall_ms> tool_starts;
  std::vector<tool_output> outputs;
  std::size_t tools_open = 0;
  cancel_flag cancelled;

  std::uint32_t events = 0;
};

/// Carries one attempt of a run: asks the model, runs tools, has its steps committed by `parent`,
/// and publishes what happens. It changes nothing itself, so a crash loses only what was not
/// committed. Ended by `parent` after `close_run`; ends by itself when `parent` goes away.
caf::behavior run(plain_self<run_state> self, conversation_context_ptr context, shard_place home,
                  run_seed seed, caf::actor parent);

} // namespace troupe
