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

/// By what the gateway accepted us.
std::string auth_text(const target& to, const json::value& hello) {
  const auto method = text_at(hello, "auth.method");
  if (!method.empty())
    return std::string{method};
  return to.no_auth ? "none" : "accepted";
}

std::string duration_text(std::int64_t ms) {
  const auto s = ms / 1000;
  if (s < 60)
    return std::to_string(s) + " s";
  if (s < 3600)
    return std::to_string(s / 60) + " min " + std::to_string(s % 60) + " s";
  return std::to_string(s / 3600) + " h " + std::to_string(s / 60 % 60) + " min";
}

void add_row(std::string& human, std::string name, const std::string& value) {
  if (value.empty())
    return;
  name.resize(std::max<std::size_t>(name.size() + 1, 14), ' ');
  human += (human.empty() ? "" : "\n") + name + value;
}

/// What this gateway says of itself; another one may not.
void add_counts(std::string& human, const json::value& status) {
  const auto count = [&](std::string_view path) { return std::to_string(number_at(status, path)); };
  if (find(status, "node")) {
    add_row(human, "shards",
            "leads " + count("node.shardsLed") + " of " + count("node.shardsTotal"));
    add_row(human, "runs", count("node.runsActive") + " active");
    add_row(human, "clients", count("node.clients"));
    add_row(human, "storage", "pressure " + std::string{text_at(status, "node.storagePressure")});
  }
  if (find(status, "sessions.count"))
    add_row(human, "sessions", count("sessions.count"));
}

void add_keys(std::string& human, const std::string& name, const json::value* keys) {
  if (keys && keys->is_array())
    for (const auto& key : keys->get_array())
      if (const auto* text = key.if_string())
        add_row(human, name, std::string{*text});
}

std::string human_text(const target& to, const json::value& readiness, const json::value& hello,
                       const json::value& status) {
  std::string human;
  add_row(human, "gateway", to.url.text() + ", reachable");
  add_row(human, "ready", readiness_text(readiness));
  add_row(human, "version", std::string{text_at(hello, "server.version")});
  add_row(human, "uptime", duration_text(number_at(hello, "snapshot.uptimeMs")));
  add_row(human, "auth", auth_text(to, hello));
  add_row(human, "port", std::to_string(to.url.port));
  add_counts(human, status);
  add_row(human, "model", std::string{text_at(status, "config.modelNote")});
  if (find(status, "config.reload"))
    add_row(human, "config",
            "reload " + std::string{text_at(status, "config.reload.mode")} + ", generation " +
                std::to_string(number_at(status, "config.reload.generation")));
  add_row(human, "not applied", std::string{text_at(status, "config.reload.refused")});
  add_keys(human, "needs restart", find(status, "config.reload.restartNeeded"));
  add_keys(human, "not enforced", find(status, "config.unenforced"));
  add_keys(human, "no effect", find(status, "config.noEffect"));
  return human;
}

/// Who is there, what the agents hold, and the newest conversations.
void add_deep(std::string& human, const json::value& status, const json::value& health,
              const json::value& presence) {
  if (const auto* agents = find(health, "agents"); agents && agents->is_array())
    for (const auto& agent : agents->get_array())
      add_row(human, "agent",
              std::string{text_at(agent, "agentId")} + ": " +
                  std::to_string(number_at(agent, "sessions.count")) + " sessions");
  if (const auto* recent = find(status, "sessions.recent"); recent && recent->is_array())
    for (const auto& session : recent->get_array())
      add_row(human, "session",
              printable(text_at(session, "key")) + ", " +
                  printable(text_at(session, "selectedModel")) + ", " +
                  duration_text(number_at(session, "age")) + " ago");
  if (presence.is_array())
    for (const auto& who : presence.get_array())
      add_row(
          human, "present",
          printable(text_at(who, "text").empty() ? text_at(who, "host") : text_at(who, "text")));
  add_row(human, "memory",
          std::to_string(number_at(status, "processMemory.rssBytes") / (1 << 20)) + " MiB");
}

} // namespace

outcome<exit_status> run(const status_verb& verb, const verb_context& with) {
  const auto deadline = deadline_of(with.global, asking_default);
  TR_TRY(const auto to, find_target(with.global, with.around));
  TR_TRY(const auto link, gateway_link::open(to, {{"operator.read"}, false}, deadline));
  TR_TRY(const auto status, link->call("status", nullptr, deadline));
  const auto readiness = ask_readiness(to);
  const auto& hello = link->hello();
  json::object told{{"url", to.url.text()},
                    {"port", to.url.port},
                    {"reachable", true},
                    {"ready", flag_at(readiness, "ready")},
                    {"readyz", readiness},
                    {"version", std::string{text_at(hello, "server.version")}},
                    {"uptimeMs", number_at(hello, "snapshot.uptimeMs")},
                    {"auth", auth_text(to, hello)},
                    {"status", status}};
  auto human = human_text(to, readiness, hello, status);
  if (verb.deep) {
    TR_TRY(const auto health, link->call("health", nullptr, deadline));
    TR_TRY(const auto presence, link->call("system-presence", nullptr, deadline));
    add_deep(human, status, health, presence);
    told["health"] = health;
    told["presence"] = presence;
  }
  with.to.result(std::move(told), human);
  return exit_status::ok;
}

} // namespace troupe::cli
