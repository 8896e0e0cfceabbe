#pragma once

#include "base/log.hpp"
#include "base/secret.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The typed settings that the rest of the program sees. Key names, defaults and limits are
/// OpenClaw's (source: config-keys facts, features section 1); each struct is filled by its one
/// declaration in `config/sections/`.
namespace troupe::config {

enum class auth_mode { none, token, password, trusted_proxy };
enum class bind_mode { loopback, lan, custom };
/// What an edit of the config does to a running gateway (docs/formats/config.md, "Reloading").
enum class reload_mode { hybrid, hot, restart, off };

/// For `auth.mode: "trusted-proxy"`: who a user is, is what the proxy says in a header.
struct trusted_proxy_settings {
  std::string user_header;                   ///< Lower-case.
  std::vector<std::string> required_headers; ///< Lower-case.
  std::vector<std::string> allow_users;      ///< Empty: everyone the proxy lets through.
  bool allow_loopback = false;               ///< The proxy may be on this machine.
  bool approve_devices = false;
  std::vector<std::string> approve_scopes{"operator.read", "operator.write"};
};

/// Failed attempts to prove who one is, per address.
struct auth_rate_limit {
  unsigned attempts_max = 10;
  std::chrono::milliseconds window{60'000};
  std::chrono::milliseconds lockout{300'000};
  bool exempt_loopback = true; ///< Delayed, never locked out.
};

/// gateway.controlUi, but for the origins: the web page.
struct control_ui_settings {
  bool enabled = true;
  std::string root; ///< Absolute folder of an installed bundle; empty: the page that is built in.
  std::string base_path; ///< "" or "/x/y": where the page lies.
  /// What the Control UI is told and decides about itself.
  std::string embed_sandbox = "scripts";
  bool allow_external_embeds = false;
  bool fetch_favicons = true;
  bool community_invite = true;
  std::string environment_label;
  std::string environment_color;
};

struct gateway_settings {
  std::uint16_t port = 18'789;
  bind_mode bind = bind_mode::loopback;
  std::string custom_bind_host; ///< For `bind: "custom"`.
  struct {
    auth_mode mode = auth_mode::token;
    bool mode_configured = false;
    secret token;
    secret password;
    trusted_proxy_settings proxy;
    /// Scopes at most, per user that a proxy names; nothing: no such limit.
    std::optional<std::map<std::string, std::vector<std::string>>> identity_scopes;
    auth_rate_limit rate_limit;
  } auth;
  /// gateway.nodes.pairing.autoApproveLocal: devices of this machine need no approval.
  bool approve_local_devices = true;
  std::vector<std::string> allowed_origins; ///< gateway.controlUi.allowedOrigins
  control_ui_settings control_ui;
  std::vector<std::string> trusted_proxies;
  reload_mode reload = reload_mode::hybrid; ///< gateway.reload.mode
  /// gateway.http.endpoints: APIs that are off until they are asked for.
  struct {
    bool chat_completions = false;
    bool responses = false;
  } http;
  /// Whether only this machine can connect, whatever the words in the config are.
  bool loopback_only() const;
};

/// One model of a provider's catalog.
struct model_settings {
  std::string id;
  std::string name;
  bool reasoning = false;
  std::vector<std::string> input{"text"};
  std::uint32_t context_window = 200'000;
  std::uint32_t max_tokens = 8'192;
  struct prices { ///< Dollars per million tokens.
    double input = 0, output = 0, cache_read = 0, cache_write = 0;
  };
  prices cost{};
};

enum class provider_api { openai_completions, anthropic_messages, demo };
/// As configs and clients write it: "openai-completions".
std::string_view to_string(provider_api api);

struct provider_settings {
  std::string id;
  provider_api api = provider_api::openai_completions;
  std::string base_url;
  secret api_key;
  std::string key_variable; ///< Where the key came from when the config has none.
  std::map<std::string, secret> headers;
  std::optional<std::chrono::seconds> timeout;
  std::vector<model_settings> models;
  std::string unavailable; ///< Why no call can be made: a secret without a value. Else empty.
};

/// "provider/model".
struct model_ref {
  std::string provider;
  std::string model;
  std::string text() const { return provider + "/" + model; }
  friend bool operator==(const model_ref&, const model_ref&) = default;
};

struct agent_settings {
  std::string id; ///< Lower-case; "main" when none is configured.
  std::string name;
  std::string workspace; ///< Absolute.
  model_ref model;
  std::vector<model_ref> fallbacks;
  std::chrono::seconds run_timeout{172'800}; ///< agents.defaults.timeoutSeconds; 0: unlimited.
  std::string user_timezone;
};

struct agents_settings {
  std::vector<agent_settings> entries; ///< At least one.
  std::string default_id = "main";
  /// For the operator, when the environment chose the model of agents that name none: which and
  /// why.
  std::string model_note;
  unsigned max_concurrent = 0; ///< Runs in flight on one node; 0: max(8, 4 x cores).
  const agent_settings* find(std::string_view id) const;
};

struct session_settings {
  std::string scope = "per-sender";
};

struct queue_settings { ///< messages.queue
  unsigned cap = 20;
  std::string mode = "followup";
  std::string drop = "new";
};

struct logging_settings {
  log::level level = log::level::info;
  log::level console_level = log::level::info;
  std::string file; ///< Default: <state>/logs/troupe.log
};

struct settings {
  gateway_settings gateway;
  std::map<std::string, provider_settings> providers; ///< Always has "demo".
  agents_settings agents;
  session_settings session;
  queue_settings queue;
  logging_settings logging;
};

} // namespace troupe::config
