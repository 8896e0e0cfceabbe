#include "actors/model/openai_completions/response_decoder.hpp"

#include "actors/model/retry_policy.hpp"

#include <charconv>

namespace troupe::model::openai_completions {
namespace {

constexpr std::size_t error_body_bytes_max = 64u << 10;
constexpr std::size_t response_id_bytes_max = 128;

bool is_success(unsigned status) {
  return status >= 200 && status < 300;
}

stop_reason reason_of(std::string_view finish_reason, bool has_tool_calls) {
  if (finish_reason == "length")
    return stop_reason::length;
  // Some servers say "stop" although they asked for tools, and the other way round.
  return has_tool_calls ? stop_reason::tool_use : stop_reason::stop;
}

} // namespace

void response_decoder::on_head(unsigned status, const net::header_list& headers) {
  status_ = status;
  retry_after_ = net::find_header(headers, "retry-after");
  retry_after_ms_ = net::find_header(headers, "retry-after-ms");
  if (is_success(status) &&
      net::find_header(headers, "content-type").starts_with("application/json"))
    fail_bad("it answered without streaming");
}

void response_decoder::fail(model_failure failure) {
  if (!failure_)
    failure_ = std::move(failure);
}

void response_decoder::fail_bad(std::string_view what) {
  fail({.kind = failure_kind::bad_response,
        .http_status = status_,
        .message = "The provider's answer cannot be read: " + std::string{what}});
}

bool response_decoder::on_data(std::string_view piece, std::vector<model_event>& events) {
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

void response_decoder::take_event(std::string_view data, std::vector<model_event>& events) {
  if (data == "[DONE]")
    complete(events);
  else
    take_chunk(data, events);
}

void response_decoder::take_chunk(std::string_view json, std::vector<model_event>& events) {
  padded_ = json;
  if (!read_chunk(padded_, chunk_))
    return fail_bad("an event of the stream is not the JSON of a completion");
  if (chunk_.failure) {
    auto failure = classify(0, *chunk_.failure, redact_);
    return fail(std::move(failure));
  }
  if (result_.response_id.empty())
    result_.response_id = chunk_.id.substr(0, response_id_bytes_max);
  if (!chunk_.thinking.empty())
    events.emplace_back(thinking_delta{std::string{chunk_.thinking}});
  if (!chunk_.content.empty()) {
    result_.text += chunk_.content;
    events.emplace_back(text_delta{std::string{chunk_.content}});
  }
  for (const auto& delta : chunk_.tool_calls)
    if (const auto added = tools_.add(delta); !added)
      return fail_bad(added.error().detail);
  if (!chunk_.finish_reason.empty())
    finish_reason_ = chunk_.finish_reason.substr(0, response_id_bytes_max);
  if (chunk_.usage)
    result_.usage = *chunk_.usage;
}

void response_decoder::complete(std::vector<model_event>& events) {
  done_ = true;
  if (finish_reason_ == "content_filter")
    return fail({.kind = failure_kind::refusal,
                 .http_status = status_,
                 .message = "The provider's content filter stopped the answer"});
  result_.stop_reason = reason_of(finish_reason_, !tools_.empty());
  if (result_.stop_reason == stop_reason::tool_use) {
    auto calls = tools_.take(result_.response_id);
    if (!calls)
      return fail_bad(calls.error().detail);
    result_.tool_calls = std::move(calls).value();
  }
  for (const auto& call : result_.tool_calls)
    events.emplace_back(tool_call_complete{call});
  events.emplace_back(result_.usage);
  events.emplace_back(finished{result_.stop_reason});
}

std::optional<std::chrono::milliseconds> response_decoder::retry_after(wall_ms now) const {
  std::uint32_t ms = 0;
  const auto* const end = retry_after_ms_.data() + retry_after_ms_.size();
  const auto [last, failed] = std::from_chars(retry_after_ms_.data(), end, ms);
  if (!retry_after_ms_.empty() && failed == std::errc{} && last == end)
    return std::chrono::milliseconds{ms};
  return parse_retry_after(retry_after_, now);
}

model_outcome response_decoder::end_refused(wall_ms now) {
  auto failure = classify(status_, parse_error_body(error_body_), redact_);
  failure.retry_after = retry_after(now);
  return failure;
}

// Some servers leave the last line without its end, and some send no [DONE].
void response_decoder::flush(std::vector<model_event>& events) {
  on_data("\n\n", events);
  failure_.reset(); // Half an event: the stream was cut, the server did not talk nonsense.
  if (!done_ && !finish_reason_.empty())
    complete(events);
}

model_outcome response_decoder::end(const result<void>& done, wall_ms now,
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

} // namespace troupe::model::openai_completions
