#include "actors/model/types.hpp"

namespace troupe::model {

std::string_view to_string(failure_kind kind) {
  switch (kind) {
  case failure_kind::rate_limit:
    return "rate_limit";
  case failure_kind::timeout:
    return "timeout";
  case failure_kind::context_length:
    return "context_length";
  case failure_kind::refusal:
    return "refusal";
  case failure_kind::auth:
    return "auth";
  case failure_kind::server:
    return "server";
  case failure_kind::connection:
    return "connection";
  case failure_kind::bad_response:
    return "bad_response";
  case failure_kind::unknown:
    break;
  }
  return "unknown";
}

std::string_view to_string(stop_reason reason) {
  switch (reason) {
  case stop_reason::stop:
    return "stop";
  case stop_reason::tool_use:
    return "tool_use";
  case stop_reason::length:
    return "length";
  case stop_reason::aborted:
    return "aborted";
  case stop_reason::error:
    break;
  }
  return "error";
}

} // namespace troupe::model
