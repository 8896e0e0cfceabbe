#pragma once

#include "app/cli/command_line.hpp"
#include "app/cli/environment.hpp"
#include "net/client/ws_client.hpp"

/// Which gateway a verb talks to, and with what credentials.
namespace troupe::cli {

struct target {
  net::ws_url url;
  net::ws_client_options options;
  secret token;
  secret password;
  bool no_auth = false; ///< gateway.auth.mode is "none".
};

/// Address: --url, else 127.0.0.1 (or gateway.customBindHost) and gateway.port.
/// Credentials: flags, then TROUPE_ and OPENCLAW_GATEWAY_TOKEN / _PASSWORD, then gateway.auth of
/// the config, then the token that the gateway generated (`<state>/gateway-token`). The last two
/// belong to this machine's gateway and are never sent to an address elsewhere. Errors: `usage`
/// (bad address), `invalid_config`.
outcome<target> find_target(const global_options& global, const environment& around);

/// The config as this command line selects it.
config::load_options load_options_of(const global_options& global, const environment& around);

/// "gateway.port (troupe.json:3:5): …", and what to do.
failure config_refused(const config::load_outcome& loaded);

} // namespace troupe::cli
