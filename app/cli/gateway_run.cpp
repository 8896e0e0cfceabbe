#include "app/cli/verbs.hpp"

namespace troupe::cli {

outcome<exit_status> run(const run_verb& verb, const verb_context& with) {
  const auto& global = with.global;
  if (!global.url.empty() || !global.token.empty() || !global.password.empty())
    return usage("--url, --token and --password are for talking to a gateway, not for running one",
                 "set gateway.auth.token in the config, or TROUPE_GATEWAY_TOKEN");
  auto options = verb.options;
  options.state_dir = global.state_dir;
  options.config_path = global.config_path;
  options.json = global.json;
  return static_cast<exit_status>(with.around.hooks.gateway_run(options));
}

} // namespace troupe::cli
