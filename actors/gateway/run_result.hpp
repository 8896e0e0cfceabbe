#pragma once

#include "actors/gateway/json_writer.hpp"
#include "actors/messages.hpp"
#include "config/settings.hpp"

#include <string>
#include <string_view>

/// What a finished run is told as. Source: protocol.md sections 5 and 7.4.
namespace troupe::gateway {

/// "visible" or "empty", and the text when there is one.
void write_terminal_reply(json_writer& out, const run_outcome& outcome);
/// `requested` is what the run meant to use when it began.
void write_terminal_receipt(json_writer& out, const run_outcome& outcome,
                            const config::model_ref& requested);

/// The second response of `agent`: `failed` says whether it goes with ok:false.
struct agent_result {
  bool failed = false;
  std::string payload;
  std::string error; ///< When failed.
};
agent_result agent_result_of(const run_outcome& outcome);

/// The result of `agent.wait` for a run that has ended.
std::string agent_wait_result(const run_outcome& outcome);
/// The same for one that has not, or that nobody knows.
std::string agent_wait_timeout(std::string_view run_id);

} // namespace troupe::gateway
