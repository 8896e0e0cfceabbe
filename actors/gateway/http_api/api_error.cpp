#include "actors/gateway/http_api/api_error.hpp"

#include "actors/gateway/json_writer.hpp"
#include "actors/gateway/probes.hpp"

#include <utility>

namespace troupe::gateway::http_api {

api_error bad_request(std::string message) {
  return {400, std::move(message), "invalid_request_error"};
}

std::string error_object(const api_error& failure) {
  json_writer out;
  out.begin_object().member("message", failure.message).member("type", failure.type).end_object();
  return out.take();
}

std::string error_body(const api_error& failure) {
  json_writer out;
  out.begin_object().member_raw("error", error_object(failure)).end_object();
  return out.take();
}

net::http_response to_response(const api_error& failure) {
  auto response = json_response(failure.status, error_body(failure));
  if (failure.status == 429 || failure.status == 503)
    response.headers.emplace_back("Retry-After", "1");
  return response;
}

api_error from_failure(const error& failure) {
  switch (failure.code) {
  case errc::invalid_argument:
    return bad_request(failure.detail);
  case errc::overloaded:
    return {429, failure.detail, "rate_limit_error"};
  case errc::forbidden:
    return {409, failure.detail, "invalid_request_error"};
  case errc::unavailable:
  case errc::connection_lost:
  case errc::timeout:
    return {503, "the gateway could not take this up; send it again", "api_error"};
  default:
    return {500, "internal error", "api_error"};
  }
}

} // namespace troupe::gateway::http_api
