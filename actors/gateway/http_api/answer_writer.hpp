#pragma once

#include "actors/gateway/http_api/api_error.hpp"
#include "actors/messages.hpp"

#include <string>
#include <string_view>

namespace troupe::gateway::http_api {

/// How one API tells an answer, whole or as server-sent events. Pure: ids and times are given at
/// the start.
class answer_writer {
public:
  virtual ~answer_writer() = default;

  /// The whole answer to a call that is not streamed. The run has ended well.
  virtual net::http_response whole(const run_outcome& outcome) = 0;
  /// The same of one that has not.
  virtual net::http_response failed(const api_error& why) = 0;

  // In a stream: once `begin`, any number of `text`, then `end` or `broken`.
  virtual std::string begin() = 0;
  virtual std::string text(std::string_view piece) = 0;
  virtual std::string end(const run_outcome& outcome) = 0;
  virtual std::string broken(const api_error& why) = 0;
};

/// "data: …" and the empty line.
std::string sse_data(std::string_view json);
inline constexpr std::string_view sse_done = "data: [DONE]\n\n";

/// All tokens of the prompts, also those that the provider's cache had.
std::uint64_t prompt_tokens(const run_outcome& outcome);

/// nullopt: the run ended well. `must_call`: it had to call a function of its caller.
std::optional<api_error> failure_of(const run_outcome& outcome, bool must_call);

} // namespace troupe::gateway::http_api
