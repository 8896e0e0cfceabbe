#include "actors/model/stream_decoder.hpp"

#include "actors/model/retry_policy.hpp"

#include <charconv>

namespace troupe::model {
namespace {

constexpr std::size_t error_body_bytes_max = 64u << 10;

bool is_success(unsigned status) {
  return status >= 200 && status < 300;
}

} // namespace

void stream_decoder::on_head(unsigned status, const net::header_list& headers) {
  status_ = status;
  retry_after_ = net::find_header(headers, "retry-after");
  retry_after_ms_ = net::find_header(headers, "retry-after-ms");
  if (is_success(status) &&
      net::find_header(headers, "content-type").starts_with("application/json"))
    fail_bad("it answered without streaming");
}

bool stream_decoder::on_data(std::string_view piece, std::vector<model_event>& events) {
  if (failure_ && is_success(status_))
    return false;
  if (!is_success(status_)) {
    error_body_ += piece.substr(0, error_body_bytes_max - error_body_.size());
    return true;
  }
  net::sse_event event;
  parser_.feed(piece);
  while (!done_ && !failure_) {
    const auto more = parser_.next(event);
    if (!more)
      fail_bad(more.error().detail);
    else if (!more.value())
      break;
    else
      take_event(event.data, events);
  }
  return !failure_;
}

void stream_decoder::complete(std::vector<model_event>& events) {
  done_ = true;
  finish();
  if (failure_)
    return;
  for (const auto& call : result_.tool_calls)
    events.emplace_back(tool_call_complete{call});
  events.emplace_back(result_.usage);
  events.emplace_back(finished{result_.stop_reason});
}

void stream_decoder::add_text(std::string_view text, std::vector<model_event>& events) {
  if (text.empty())
    return;
  result_.text += text;
  events.emplace_back(text_delta{std::string{text}});
}

void stream_decoder::fail(model_failure failure) {
  if (!failure_)
    failure_ = std::move(failure);
}

void stream_decoder::fail_said(const provider_error& said) {
  fail(classify(0, said, redact_));
}

void stream_decoder::fail_bad(std::string_view what) {
  fail({.kind = failure_kind::bad_response,
        .http_status = status_,
        .message = "The provider's answer cannot be read: " + std::string{what}});
}

void stream_decoder::fail_refused(std::string_view what) {
  fail({.kind = failure_kind::refusal, .http_status = status_, .message = std::string{what}});
}

std::optional<std::chrono::milliseconds> stream_decoder::retry_after(wall_ms now) const {
  std::uint32_t ms = 0;
  const auto* const end = retry_after_ms_.data() + retry_after_ms_.size();
  const auto [last, failed] = std::from_chars(retry_after_ms_.data(), end, ms);
  if (!retry_after_ms_.empty() && failed == std::errc{} && last == end)
    return std::chrono::milliseconds{ms};
  return parse_retry_after(retry_after_, now);
}

model_outcome stream_decoder::end_refused(wall_ms now) const {
  auto failure = classify(status_, parse_error_body(error_body_), redact_);
  failure.retry_after = retry_after(now);
  return failure;
}

// Some servers leave the last line without its end, and some send no last event.
void stream_decoder::flush(std::vector<model_event>& events) {
  on_data("\n\n", events);
  if (done_)
    return;
  failure_.reset(); // Half an event: the stream was cut, the server did not talk nonsense.
  if (stopped())
    complete(events);
}

model_outcome stream_decoder::end(const result<void>& done, wall_ms now,
                                  std::vector<model_event>& events) {
  // The head of a refusal says all that matters; its body may be cut short.
  if (status_ != 0 && !is_success(status_))
    return end_refused(now);
  if (!failure_ && !done_ && done.has_value())
    flush(events);
  if (failure_)
    return *std::move(failure_);
  if (done_)
    return std::move(result_);
  if (!done && done.error().code == errc::cancelled) {
    result_.stop_reason = stop_reason::aborted;
    return std::move(result_);
  }
  auto failure = classify_transport(
      done ? error{errc::connection_lost, "the stream ended early"} : done.error(), status_ != 0);
  failure.http_status = status_;
  return failure;
}

} // namespace troupe::model
