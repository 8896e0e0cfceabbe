#include "app/cli/failure.hpp"

#include "app/cli/json_view.hpp"

namespace troupe::cli {
namespace {

const char* const give_token =
    "give the gateway's token with --token or TROUPE_GATEWAY_TOKEN, or run this as the user and "
    "with the --state-dir of the gateway";

bool unauthorized(std::string_view code, std::string_view message) {
  return code.starts_with("AUTH_") || code == "DEVICE_IDENTITY_REQUIRED" ||
         code == "PAIRING_REQUIRED" || message.starts_with("unauthorized");
}

std::string next_step(std::string_view code, std::string_view details, const std::string& method) {
  if (details == "AUTH_RATE_LIMITED")
    return "too many wrong tokens: wait five minutes, then try again with the right one";
  if (details == "MISSING_SCOPE")
    return "connect from the gateway's own machine, or with a token that has this scope";
  if (details == "PROTOCOL_MISMATCH")
    return "use the troupe program of the gateway's version";
  if (code == "UNAVAILABLE")
    return "try again in a moment; `troupe gateway status` says what the gateway is waiting for";
  if (method == "connect")
    return "look into the gateway's log for why it refused this client";
  return "mend the request; `troupe gateway call --help` shows how parameters are given";
}

} // namespace

failure cannot_connect(const error& why, const std::string& address) {
  failure told{exit_status::unreachable,
               "gateway_unreachable",
               "no gateway answers at " + address + " (" + why.detail + ")",
               "start one with `troupe gateway run`, or give its address with --url",
               {}};
  if (why.code == errc::forbidden) {
    told.code = "certificate_not_trusted";
    told.message = why.detail;
    told.next = "name the certificate that vouches for the gateway with --ca-file";
  } else if (why.code == errc::invalid_argument) {
    told.code = "not_a_gateway";
    told.message = why.detail;
    told.next = "check the address: another program may be listening there";
  }
  return told;
}

failure refused(const std::string& method, const boost::json::object& error) {
  const auto code = text_at(error, "code");
  const auto details = text_at(error, "details.code");
  const auto message = text_at(error, "message");
  failure told{exit_status::failed, std::string{code.empty() ? "gateway_error" : code},
               method + ": " + std::string{message.empty() ? "refused without a word" : message},
               next_step(code, details, method), error};
  if (unauthorized(details, message)) {
    told.status = exit_status::unauthorized;
    told.code = "unauthorized";
    told.message = "the gateway does not accept these credentials: " + std::string{message};
    if (details != "AUTH_RATE_LIMITED")
      told.next = give_token;
  } else if (details == "MISSING_SCOPE") {
    told.status = exit_status::unauthorized;
    told.code = "missing_scope";
  }
  return told;
}

failure connection_lost(const std::string& reason) {
  return {exit_status::unreachable,
          "connection_lost",
          "the connection to the gateway was lost" + (reason.empty() ? "" : " (" + reason + ")"),
          "see whether it runs with `troupe gateway status`, then try again",
          {}};
}

failure timed_out(std::string message, std::string next) {
  return {exit_status::timed_out, "timeout", std::move(message), std::move(next), {}};
}

failure interrupted() {
  return {exit_status::interrupted,
          "interrupted",
          "interrupted",
          "nothing needs to be done; `troupe chat` shows where the conversation stands",
          {}};
}

failure usage(std::string message, std::string next) {
  return {exit_status::usage, "usage", std::move(message), std::move(next), {}};
}

bool retryable(const failure& why) {
  // Behind a proxy, a gateway that is being restarted looks like a stranger.
  if (why.code == "gateway_unreachable" || why.code == "connection_lost" ||
      why.code == "not_a_gateway")
    return true;
  const auto* told = find(why.details, "retryable");
  return told && told->is_bool() && told->get_bool() && why.status == exit_status::failed;
}

std::int64_t retry_after_ms(const failure& why) {
  return number_at(boost::json::value(why.details), "retryAfterMs");
}

} // namespace troupe::cli
