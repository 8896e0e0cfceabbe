#pragma once

#include "base/result.hpp"
#include "net/http/messages.hpp"

#include <string>
#include <string_view>

/// The HTTP API that clients of OpenAI's speak. Source: protocol.md section 14.
namespace troupe::gateway::http_api {

/// Why a call is refused or failed, as its caller is told.
struct api_error {
  unsigned status = 400;
  std::string message;
  std::string type = "invalid_request_error";
};

template <class T>
using api_result =
    boost::outcome_v2::basic_result<T, api_error, boost::outcome_v2::policy::terminate>;

api_error bad_request(std::string message);
/// `{"message":…,"type":…}`
std::string error_object(const api_error& failure);
/// `{"error":{"message":…,"type":…}}`
std::string error_body(const api_error& failure);
/// With Retry-After where the call may be made again.
net::http_response to_response(const api_error& failure);

/// How a failure of ours, before or beside a run, is told. What must not be told is not.
api_error from_failure(const error& failure);

} // namespace troupe::gateway::http_api
