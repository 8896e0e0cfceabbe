#pragma once

#include "app/cli/cli.hpp"
#include "base/result.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace troupe::cli {

/// Why a verb did not do what it was asked, for the person who asked.
struct failure {
  exit_status status = exit_status::failed;
  std::string code;            ///< For programs: "gateway_unreachable", "unauthorized", …
  std::string message;         ///< What failed.
  std::string next;            ///< What to do about it; never empty.
  boost::json::object details; ///< The gateway's own error object, if it sent one.
};

template <class T>
using outcome = boost::outcome_v2::basic_result<T, failure, boost::outcome_v2::policy::terminate>;

/// The connection could not be opened. `address` is what was tried.
failure cannot_connect(const error& why, const std::string& address);
/// The gateway answered `method` with `error` (protocol.md section 1, error object).
failure refused(const std::string& method, const boost::json::object& error);
/// The connection ended while something was still expected.
failure connection_lost(const std::string& reason);
failure timed_out(std::string message, std::string next);
failure interrupted();
failure usage(std::string message, std::string next);

/// Worth another try with the same request: the gateway is starting, full, or the link broke.
bool retryable(const failure& why);
/// How long the gateway asked to wait; 0: it did not say.
std::int64_t retry_after_ms(const failure& why);

} // namespace troupe::cli
