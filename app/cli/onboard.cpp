#include "app/cli/config_write.hpp"
#include "base/random.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace troupe::cli {

namespace json = boost::json;

namespace {

constexpr std::size_t token_bytes = 32;

json::object from_variable(const std::string& name) {
  return {{"source", "env"}, {"id", name}};
}

bool opens_to_others(const onboard_verb& verb) {
  return !verb.bind.empty() && verb.bind != "loopback" && verb.bind != "127.0.0.1" &&
         verb.bind != "::1";
}

/// The credential that was named. Without one, a gateway on loopback makes a token of its own at
/// its first start; one that others reach gets it here.
json::object auth_of(const onboard_verb& verb) {
  json::object out;
  if (!verb.auth.empty())
    out["mode"] = verb.auth;
  if (!verb.password_variable.empty())
    out["password"] = from_variable(verb.password_variable);
  if (!verb.token_variable.empty())
    out["token"] = from_variable(verb.token_variable);
  else if (!verb.token.empty())
    out["token"] = verb.token;
  const bool by_token = verb.auth.empty() || verb.auth == "token";
  if (by_token && opens_to_others(verb) && !out.contains("token") && !out.contains("password"))
    out["token"] = random_hex(token_bytes);
  return out;
}

json::object gateway_of(const onboard_verb& verb) {
  json::object out{{"mode", "local"}};
  if (verb.port > 0)
    out["port"] = verb.port;
  if (verb.bind == "loopback" || verb.bind == "lan") {
    out["bind"] = verb.bind;
  } else if (!verb.bind.empty()) {
    out["bind"] = "custom";
    out["customBindHost"] = verb.bind;
  }
  if (auto auth = auth_of(verb); !auth.empty())
    out["auth"] = std::move(auth);
  return out;
}

json::object provider_of(const onboard_verb& verb) {
  json::object out{
      {"baseUrl", verb.base_url},
      {"api", verb.compatibility == "anthropic" ? "anthropic-messages" : "openai-completions"},
      {"models", json::array{json::object{{"id", verb.model_id}}}}};
  if (!verb.key_variable.empty())
    out["apiKey"] = from_variable(verb.key_variable);
  return out;
}

/// Only what was asked for: everything else keeps its default.
json::value first_config(const onboard_verb& verb) {
  json::object out{{"gateway", gateway_of(verb)}};
  json::object defaults;
  if (!verb.workspace.empty())
    defaults["workspace"] = verb.workspace;
  auto model = verb.model;
  if (!verb.base_url.empty()) {
    out["models"] =
        json::object{{"providers", json::object{{verb.provider_id, provider_of(verb)}}}};
    if (model.empty())
      model = verb.provider_id + "/" + verb.model_id;
  }
  if (!model.empty())
    defaults["model"] = json::object{{"primary", model}};
  if (!defaults.empty())
    out["agents"] = json::object{{"defaults", std::move(defaults)}};
  return out;
}

outcome<void> objection(const onboard_verb& verb) {
  if (!verb.non_interactive)
    return usage("only onboard --non-interactive is built",
                 "say what you want with options: `troupe onboard --help`");
  if (!verb.base_url.empty() && verb.model_id.empty())
    return usage("--custom-base-url needs --custom-model-id", "name a model of that provider");
  if (verb.auth == "password" && verb.password_variable.empty())
    return usage("--gateway-auth password needs --gateway-password-ref-env",
                 "name the variable that will hold the password");
  return boost::outcome_v2::success();
}

} // namespace

outcome<exit_status> run(const onboard_verb& verb, const verb_context& with) {
  TR_TRY(objection(verb));
  auto options = load_options_of(with.global, with.around);
  const auto now = with.around.load_config(options);
  if (now.where.config_path.empty())
    return config_refused(now);
  if (now.where.config_exists && !verb.force)
    return failure{exit_status::failed,
                   "already_exists",
                   now.where.config_path + " is there already",
                   "change it with `troupe config set`, or replace it with --force",
                   {}};
  auto planned = config::plan_change(options, now, first_config(verb));
  if (const auto* refused = std::get_if<config::refused_change>(&planned))
    return change_refused(*refused);
  const auto& change = std::get<config::planned_change>(planned);
  if (const auto written = config::write_change(change); !written)
    return not_written(written.assume_error());
  const auto& config = *change.next.config;
  const auto* agent = config.values.agents.find(config.values.agents.default_id);
  const std::string model = agent ? agent->model.text() : "";
  std::string human = "written: " + change.path;
  human += "\nmodel:   " + model;
  for (const auto& warning : config.warnings)
    human += "\nwarning: " + warning.text();
  human += "\nnext:    troupe gateway run";
  with.to.result({{"file", change.path},
                  {"model", model},
                  {"backup", change.before ? json::value(change.path + ".bak") : json::value()}},
                 human);
  return exit_status::ok;
}

} // namespace troupe::cli
