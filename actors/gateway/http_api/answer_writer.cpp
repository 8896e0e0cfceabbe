#include "actors/gateway/http_api/answer_writer.hpp"

namespace troupe::gateway::http_api {

std::string sse_data(std::string_view json) {
  std::string out;
  out.reserve(json.size() + 8);
  out += "data: ";
  out += json;
  out += "\n\n";
  return out;
}

std::uint64_t prompt_tokens(const run_outcome& outcome) {
  return outcome.input_tokens + outcome.cache_read + outcome.cache_write;
}

std::optional<api_error> failure_of(const run_outcome& outcome, bool must_call) {
  switch (outcome.status) {
  case tables::run_status::ok:
    break;
  case tables::run_status::aborted:
    return api_error{502, "the run was aborted", "api_error"};
  case tables::run_status::none:
  case tables::run_status::error:
    // What the provider said is for the operator: it is in the log and in the transcript.
    if (outcome.stop_reason == "timeout")
      return api_error{504, "the run took longer than its limit", "api_error"};
    return api_error{502, "upstream provider error", "api_error"};
  }
  if (must_call && outcome.calls.empty())
    return api_error{502, "tool_choice=required was not satisfied by the agent response",
                     "api_error"};
  return std::nullopt;
}

} // namespace troupe::gateway::http_api
