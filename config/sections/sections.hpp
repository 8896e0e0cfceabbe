#pragma once

#include "config/schema/kind.hpp"
#include "config/schema/secret_kind.hpp"
#include "config/settings.hpp"

#include <optional>
#include <string>
#include <vector>

/// The declarations of the sections that are built, one file each. A section is read into its
/// `…_raw` struct, key by key; its `resolve_…` then checks what only shows when all is read,
/// applies the environment and fills the typed settings.
namespace troupe::config {

struct gateway_raw {
  std::string mode = "local";
  std::optional<auth_mode> auth;
  configured_secret token;
  configured_secret password;
  gateway_settings out;
  cursor bind_at, host_at, auth_at, origins_at, base_path_at, proxies_at, user_header_at;
};

struct model_raw {
  model_settings out;
  double context_window = model_settings{}.context_window;
  double max_tokens = model_settings{}.max_tokens;
};

struct provider_raw {
  std::optional<provider_api> api;
  std::string base_url;
  std::string unresolved_url; ///< Why `base_url` has no value, if it should.
  configured_secret api_key;
  std::map<std::string, configured_secret> headers;
  std::optional<std::int64_t> timeout_seconds;
  std::vector<model_raw> models;
  cursor at;
};

struct models_raw {
  std::map<std::string, provider_raw> providers;
};

/// A word and where it was found, so that it can be judged later.
struct placed_text {
  std::string text;
  cursor at;
};

struct model_choice {
  std::optional<placed_text> primary;
  std::vector<placed_text> fallbacks;
};

struct agent_raw {
  std::string name;
  bool is_default = false;
  std::string workspace;
  std::optional<model_choice> model;
  cursor at;
};

struct agents_raw {
  std::optional<model_choice> model;
  std::string workspace;
  std::int64_t timeout_seconds = agent_settings{}.run_timeout.count();
  std::string user_timezone;
  std::optional<std::int64_t> max_concurrent;
  std::map<std::string, agent_raw> entries;
};

struct env_raw {
  std::map<std::string, std::string> vars;
};

/// One of `secrets.providers`.
struct secret_provider_raw {
  std::string source;
  std::string path;
  bool single_value = false;
  std::int64_t bytes_max = 1 << 20;
  std::int64_t timeout_ms = 5'000;
  std::optional<std::vector<std::string>> allowlist;
  cursor at;
};

struct secrets_raw {
  std::map<std::string, secret_provider_raw> providers;
  std::string default_env = "default";
  std::string default_file = "default";
};

/// What a section needs to know about the world when it is resolved.
struct surroundings {
  std::string state_dir;
  std::string working_dir;
  std::string home;                      ///< May be empty.
  model_ref usual_model{"demo", "demo"}; ///< Answers where no model is configured.
};

kind<env_raw> env_section();
kind<secrets_raw> secrets_section();
kind<gateway_raw> gateway_section();
kind<models_raw> models_section();
kind<agents_raw> agents_section();
kind<session_settings> session_section();
kind<queue_settings> queue_section();
kind<logging_settings> logging_section();

void resolve_gateway(reading& r, gateway_raw& raw, const surroundings& around);
std::map<std::string, provider_settings> resolve_models(reading& r, const models_raw& raw);
agents_settings resolve_agents(reading& r, const agents_raw& raw,
                               const std::map<std::string, provider_settings>& providers,
                               const surroundings& around);
void resolve_logging(logging_settings& settings, const surroundings& around);

} // namespace troupe::config
