#include "actors/gateway/protocol_error.hpp"

#include "actors/gateway/limits.hpp"

namespace troupe::gateway {

void write(json_writer& out, const protocol_error& failure) {
  out.begin_object();
  out.member("code", failure.code).member("message", failure.message);
  if (!failure.details.empty())
    out.member_raw("details", failure.details);
  if (failure.retryable)
    out.member("retryable", true);
  if (failure.retry_after_ms > 0)
    out.member("retryAfterMs", failure.retry_after_ms);
  out.end_object();
}

protocol_error invalid_request(std::string message, std::string details) {
  return protocol_error{"INVALID_REQUEST", std::move(message), std::move(details), false, 0};
}

protocol_error unavailable(std::string message, std::string details) {
  return protocol_error{"UNAVAILABLE", std::move(message), std::move(details), true,
                        retry_after_ms};
}

protocol_error from_failure(const error& failure) {
  auto text = failure.detail.empty() ? std::string{to_string(failure.code)} : failure.detail;
  switch (failure.code) {
  case errc::invalid_argument:
  case errc::not_found:
  case errc::already_exists:
  case errc::unsupported:
    return invalid_request(std::move(text));
  case errc::forbidden:
    return protocol_error{"FORBIDDEN", std::move(text), {}, false, 0};
  case errc::unavailable:
  case errc::overloaded:
  case errc::timeout:
  case errc::storage_full:
  case errc::connection_lost:
    return unavailable(std::move(text));
  case errc::cancelled:
  case errc::storage_failed:
  case errc::corrupt:
  case errc::internal:
    break;
  }
  return protocol_error{"UNAVAILABLE", std::move(text), {}, false, 0};
}

} // namespace troupe::gateway
