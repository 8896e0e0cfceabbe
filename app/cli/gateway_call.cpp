#include "app/cli/json_view.hpp"
#include "app/cli/one_call.hpp"

#include <boost/json/parse.hpp>

namespace troupe::cli {

namespace json = boost::json;

namespace {

constexpr std::chrono::seconds final_default{600};

outcome<json::value> parse_params(const std::string& text) {
  if (text.empty())
    return json::value{};
  boost::system::error_code broken;
  auto params = json::parse(text, broken);
  if (!broken && params.is_object())
    return params;
  return usage("--params is not a JSON object" + (broken ? ": " + broken.message() : ""),
               "quote it for the shell: --params '{\"sessionKey\":\"main\"}'");
}

/// The first answer, or with `final_wanted` the one that is no mere "accepted".
outcome<json::value> await_answer(gateway_link& link, const std::string& id,
                                  const std::string& method, bool final_wanted,
                                  time_point deadline) {
  while (true) {
    const auto happened = link.next(deadline);
    if (const auto* answer = std::get_if<reply>(&happened); answer && answer->id == id) {
      if (!answer->ok)
        return refused(method, answer->error);
      if (!final_wanted || text_at(answer->payload, "status") != "accepted")
        return answer->payload;
    } else if (const auto* closed = std::get_if<net::ws_closed>(&happened)) {
      return connection_lost(closed->reason);
    } else if (std::holds_alternative<net::ws_quiet>(happened)) {
      return timed_out("the gateway did not answer " + method + " in time",
                       "give it longer with --timeout");
    }
  }
}

} // namespace

outcome<exit_status> run(const call_verb& verb, const verb_context& with) {
  TR_TRY(const auto params, parse_params(verb.params));
  const auto deadline =
      deadline_of(with.global, verb.expect_final ? final_default : asking_default);
  const introduction as{scopes_for(verb.method, params), false};
  TR_TRY(const auto link, open_link(with, as, deadline));
  TR_TRY(const auto id, link->post(verb.method, params));
  TR_TRY(const auto payload, await_answer(*link, id, verb.method, verb.expect_final, deadline));
  with.to.result({{"payload", payload}}, pretty(payload));
  return exit_status::ok;
}

} // namespace troupe::cli
