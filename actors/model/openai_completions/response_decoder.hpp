#pragma once

#include "actors/model/openai_completions/chunk.hpp"
#include "actors/model/openai_completions/failure.hpp"
#include "actors/model/openai_completions/tool_calls.hpp"
#include "actors/model/types.hpp"
#include "base/clock.hpp"
#include "config/settings.hpp"
#include "net/client/sse.hpp"
#include "net/http/server.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::model::openai_completions {

/// Reads one streamed answer: fed with what `net::outbound_observer` is called with, it gives the
/// answer's events and, at the end, a result or a failure. Pure; not thread-safe.
///
/// A stream is whole when `[DONE]` came, or a `finish_reason` came and the response ended in good
/// order (some servers send no `[DONE]`); otherwise the connection broke off, which is retryable.
/// How the stream is cut into pieces does not change events (text deltas joined) or outcome.
class response_decoder {
public:
  /// Of `provider` only the secrets are kept, to be taken out of messages.
  explicit response_decoder(const config::provider_settings& provider) : redact_(provider) {}

  void on_head(unsigned status, const net::header_list& headers);
  /// Appends what `piece` completes. False: the answer is already spoilt, and the call may be
  /// cancelled; `end` then tells why, whatever it is given.
  bool on_data(std::string_view piece, std::vector<model_event>& events);
  /// `done`: as `on_done` got it; `cancelled` gives a result with `aborted` and the text so far.
  /// `now`: for a `Retry-After` date. Called once.
  model_outcome end(const result<void>& done, wall_ms now, std::vector<model_event>& events);

private:
  void take_event(std::string_view data, std::vector<model_event>& events);
  void take_chunk(std::string_view json, std::vector<model_event>& events);
  void flush(std::vector<model_event>& events);
  void complete(std::vector<model_event>& events);
  void fail(model_failure failure);
  void fail_bad(std::string_view what);
  model_outcome end_refused(wall_ms now);
  std::optional<std::chrono::milliseconds> retry_after(wall_ms now) const;

  redactor redact_;
  net::sse_parser parser_;
  unsigned status_ = 0; // 0: no head yet.
  std::string retry_after_;
  std::string retry_after_ms_;
  std::string error_body_;
  std::string padded_; // simdjson reads past the end of what it parses.
  chunk chunk_;
  tool_call_assembler tools_;
  std::string finish_reason_;
  bool done_ = false;
  model_result result_;
  std::optional<model_failure> failure_;
};

} // namespace troupe::model::openai_completions
