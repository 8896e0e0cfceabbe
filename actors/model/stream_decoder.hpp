#pragma once

#include "actors/model/failure.hpp"
#include "actors/model/types.hpp"
#include "base/clock.hpp"
#include "config/settings.hpp"
#include "net/client/sse.hpp"
#include "net/http/server.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::model {

/// Reads one streamed answer: fed with what `net::outbound_observer` is called with, it gives the
/// answer's events and, at the end, a result or a failure. Pure; not thread-safe. What the events
/// mean is said by the decoder of each API.
///
/// A stream is whole when its last event came, or when the model had said why it stopped and the
/// response ended in good order (some servers send no last event); otherwise the connection broke
/// off, which is retryable. How the stream is cut into pieces does not change events (deltas
/// joined) or outcome.
class stream_decoder {
public:
  virtual ~stream_decoder() = default;
  stream_decoder(const stream_decoder&) = delete;
  stream_decoder& operator=(const stream_decoder&) = delete;

  void on_head(unsigned status, const net::header_list& headers);
  /// Appends what `piece` completes. False: the answer is already spoilt, and the call may be
  /// cancelled; `end` then tells why, whatever it is given.
  bool on_data(std::string_view piece, std::vector<model_event>& events);
  /// `done`: as `on_done` got it; `cancelled` gives a result with `aborted` and the text so far.
  /// `now`: for a `Retry-After` date. Called once.
  model_outcome end(const result<void>& done, wall_ms now, std::vector<model_event>& events);

protected:
  /// Of `provider` only the secrets are kept, to be taken out of messages.
  explicit stream_decoder(const config::provider_settings& provider) : redact_(provider) {}

  /// One event's data; calls `complete` for the last one.
  virtual void take_event(std::string_view data, std::vector<model_event>& events) = 0;
  /// Whether the model has said why it stopped.
  virtual bool stopped() const = 0;
  /// Fills what of `result_` is known only at the end.
  virtual void finish() = 0;

  void complete(std::vector<model_event>& events);
  void add_text(std::string_view text, std::vector<model_event>& events);
  void fail(model_failure failure);
  void fail_said(const provider_error& said);
  void fail_bad(std::string_view what);
  void fail_refused(std::string_view what);
  bool failed() const { return failure_.has_value(); }

  model_result result_;

private:
  void flush(std::vector<model_event>& events);
  model_outcome end_refused(wall_ms now) const;
  std::optional<std::chrono::milliseconds> retry_after(wall_ms now) const;

  redactor redact_;
  net::sse_parser parser_;
  unsigned status_ = 0; // 0: no head yet.
  std::string retry_after_;
  std::string retry_after_ms_;
  std::string error_body_;
  bool done_ = false;
  std::optional<model_failure> failure_;
};

} // namespace troupe::model
