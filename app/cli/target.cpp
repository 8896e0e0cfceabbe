#include "app/cli/target.hpp"

#include <fstream>

namespace troupe::cli {
namespace {

constexpr std::size_t token_bytes_max = 4096;

std::string variable(const environment& around, const std::string& suffix) {
  for (const char* const prefix : {"TROUPE_", "OPENCLAW_"})
    if (auto value = around.variable(prefix + suffix); value && !value->empty())
      return *value;
  return {};
}

void take_explicit_credentials(target& found, const global_options& global,
                               const environment& around) {
  found.token = global.token;
  found.password = global.password;
  if (!found.token.empty() || !found.password.empty())
    return;
  found.token = secret{variable(around, "GATEWAY_TOKEN")};
  found.password = secret{variable(around, "GATEWAY_PASSWORD")};
}

/// What config/token_file.hpp made, if it did: this side must never make one.
secret generated_token(const std::string& state_dir) {
  std::ifstream file{state_dir + "/gateway-token", std::ios::binary};
  std::string token(token_bytes_max, '\0');
  file.read(token.data(), static_cast<std::streamsize>(token.size()));
  token.resize(static_cast<std::size_t>(file.gcount()));
  token.erase(token.find_last_not_of(" \t\r\n") + 1);
  return secret{std::move(token)};
}

void take_configured_credentials(target& found, const config::loaded& loaded) {
  const auto& auth = loaded.values.gateway.auth;
  if (auth.mode == config::auth_mode::none) {
    found.no_auth = true;
    return;
  }
  if (auth.mode == config::auth_mode::password)
    found.password = auth.password;
  else
    found.token = auth.token;
  if (found.token.empty() && found.password.empty())
    found.token = generated_token(loaded.where.state_dir);
}

net::ws_url configured_url(const config::gateway_settings& gateway) {
  net::ws_url url;
  url.host = "127.0.0.1";
  if (gateway.bind == config::bind_mode::custom && !gateway.custom_bind_host.empty() &&
      gateway.custom_bind_host != "0.0.0.0" && gateway.custom_bind_host != "::")
    url.host = gateway.custom_bind_host;
  url.port = gateway.port;
  return url;
}

} // namespace

config::load_options load_options_of(const global_options& global, const environment& around) {
  config::load_options options;
  options.state_dir = global.state_dir;
  options.config_path = global.config_path;
  options.environment = around.variable;
  return options;
}

failure config_refused(const config::load_outcome& loaded) {
  std::string message = "the config " + loaded.where.config_path + " is not accepted";
  if (!loaded.errors.empty())
    message += ": " + loaded.errors.front().text();
  if (loaded.errors.size() > 1)
    message += " (and " + std::to_string(loaded.errors.size() - 1) + " more)";
  return {exit_status::failed,
          "invalid_config",
          std::move(message),
          "mend it (`troupe config validate` lists everything), or reach the gateway without it "
          "by --url and TROUPE_GATEWAY_TOKEN",
          {}};
}

outcome<target> find_target(const global_options& global, const environment& around) {
  target found;
  found.options.certificates = global.certificates;
  take_explicit_credentials(found, global, around);
  const bool has_credentials = !found.token.empty() || !found.password.empty();
  if (!global.url.empty()) {
    auto url = net::parse_ws_url(global.url);
    if (!url)
      return usage("--url " + global.url + ": " + url.assume_error().detail,
                   "write it as ws://127.0.0.1:18789");
    found.url = url.assume_value();
    if (has_credentials || !found.url.loopback())
      return found;
  }
  auto loaded = around.load_config(load_options_of(global, around));
  if (!loaded.config)
    return config_refused(loaded);
  if (global.url.empty())
    found.url = configured_url(loaded.config->values.gateway);
  if (!has_credentials)
    take_configured_credentials(found, *loaded.config);
  return found;
}

} // namespace troupe::cli
