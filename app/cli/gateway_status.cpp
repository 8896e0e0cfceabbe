#include "app/cli/json_view.hpp"
#include "app/cli/one_call.hpp"

#include <boost/json/parse.hpp>

namespace troupe::cli {

namespace json = boost::json;

namespace {

/// What `/readyz` says; an empty object when it cannot be asked.
json::value ask_readiness(const target& to) {
  const auto answer = net::http_get(to.url, "/readyz", to.options);
  boost::system::error_code broken;
  auto body = answer ? json::parse(answer.assume_value().body, broken) : json::value{};
  return !broken && body.is_object() ? body : json::value(json::object{});
}

std::string readiness_text(const json::value& readiness) {
  if (!find(readiness, "ready"))
    return "unknown (no answer from /readyz)";
  if (flag_at(readiness, "ready"))
    return "yes";
  std::string text = "no";
  if (const auto* failing = find(readiness, "failing"); failing && failing->is_array())
    for (const auto& reason : failing->get_array())
      if (const auto* name = reason.if_string())
        text += (text == "no" ? ", waiting for " : ", ") + std::string{*name};
  return text;
}

std::string duration_text(std::int64_t ms) {
  const auto s = ms / 1000;
  if (s < 60)
    return std::to_string(s) + " s";
  if (s < 3600)
    return std::to_string(s / 60) + " min " + std::to_string(s % 60) + " s";
  return std::to_string(s / 3600) + " h " + std::to_string(s / 60 % 60) + " min";
}

/// A count, or what an object of counts holds: "led 33, total 33".
std::string counts_text(const json::value& counts) {
  if (counts.is_number())
    return std::to_string(counts.to_number<std::int64_t>());
  std::string text;
  if (const auto* members = counts.if_object())
    for (const auto& [name, value] : *members)
      if (value.is_number())
        text += (text.empty() ? "" : ", ") + std::string{name} + " " +
                std::to_string(value.to_number<std::int64_t>());
  return text;
}

void add_row(std::string& human, std::string name, const std::string& value) {
  if (value.empty())
    return;
  name.resize(std::max<std::size_t>(name.size() + 1, 10), ' ');
  human += (human.empty() ? "" : "\n") + name + value;
}

std::string human_text(const target& to, const json::value& readiness, const json::value& hello,
                       const json::value& status) {
  std::string human;
  add_row(human, "gateway", to.url.text() + ", reachable");
  add_row(human, "ready", readiness_text(readiness));
  add_row(human, "version", std::string{text_at(hello, "server.version")});
  add_row(human, "uptime", duration_text(number_at(hello, "snapshot.uptimeMs")));
  const auto method = text_at(hello, "auth.method");
  add_row(human, "auth", method.empty() ? "none" : std::string{method});
  add_row(human, "port", std::to_string(to.url.port));
  for (const char* const counted : {"shards", "runs", "clients", "sessions"})
    if (const auto* found = find(status, counted))
      add_row(human, counted, counts_text(*found));
  for (const char* const listed : {"unenforced", "noEffect"})
    if (const auto* keys = find(status, listed); keys && keys->is_array())
      for (const auto& key : keys->get_array())
        if (const auto* name = key.if_string())
          add_row(human, listed, std::string{*name});
  return human;
}

} // namespace

outcome<exit_status> run(const status_verb&, const verb_context& with) {
  const auto deadline = deadline_of(with.global, asking_default);
  TR_TRY(const auto to, find_target(with.global, with.around));
  TR_TRY(const auto link, gateway_link::open(to, {{"operator.read"}, false}, deadline));
  TR_TRY(const auto status, link->call("status", nullptr, deadline));
  const auto readiness = ask_readiness(to);
  const auto& hello = link->hello();
  const auto method = text_at(hello, "auth.method");
  with.to.result({{"url", to.url.text()},
                  {"port", to.url.port},
                  {"reachable", true},
                  {"ready", flag_at(readiness, "ready")},
                  {"readyz", readiness},
                  {"version", std::string{text_at(hello, "server.version")}},
                  {"uptimeMs", number_at(hello, "snapshot.uptimeMs")},
                  {"auth", method.empty() ? "none" : std::string{method}},
                  {"status", status}},
                 human_text(to, readiness, hello, status));
  return exit_status::ok;
}

} // namespace troupe::cli
