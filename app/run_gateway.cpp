#include "app/run_gateway.hpp"

#include "base/log.hpp"
#include "config/token_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace troupe {
namespace {

using namespace std::chrono_literals;

/// How long running turns may still finish after SIGTERM; a second signal ends the wait.
constexpr auto drain_patience = 5s;
/// Past this the process ends by SIGALRM: the store needs no orderly stop to be sound.
constexpr unsigned stop_seconds_max = 25;
constexpr auto ready_patience = 10s;

int refuse(std::string_view what) {
  fmt::print(stderr, "troupe: {}\n", what);
  return 1;
}

std::optional<std::string> from_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>{value};
}

/// The flags win over the file.
result<void> apply_flags(const gateway_run_options& options, config::gateway_settings& gateway) {
  if (options.port)
    gateway.port = *options.port;
  if (options.bind == "loopback") {
    gateway.bind = config::bind_mode::loopback;
  } else if (options.bind == "lan") {
    gateway.bind = config::bind_mode::lan;
  } else if (!options.bind.empty()) {
    gateway.bind = config::bind_mode::custom;
    gateway.custom_bind_host = options.bind;
  }
  const bool secret_missing = gateway.auth.token.empty() && gateway.auth.password.empty();
  if (!gateway.loopback_only() && (gateway.auth.mode == config::auth_mode::none || secret_missing))
    return error{
        errc::forbidden,
        "this address can be reached from other machines, and no token or password is "
        "configured: set gateway.auth.token, or TROUPE_GATEWAY_TOKEN, or bind to loopback"};
  return boost::outcome_v2::success();
}

/// A loopback gateway without configured auth gets a token of its own.
result<bool> ensure_secret(config::loaded& config) {
  auto& auth = config.values.gateway.auth;
  if (auth.mode == config::auth_mode::none || !auth.token.empty() || !auth.password.empty())
    return false;
  bool created = false;
  TR_TRY(auth.token, config::load_or_create_gateway_token(config.where.state_dir, created));
  return created;
}

void show_notes(const config::loaded& config) {
  if (!config.where.openclaw_hint.empty())
    fmt::print("{}\n", config.where.openclaw_hint);
  for (const auto& warning : config.warnings)
    log::warn("config", "{}", warning.text());
  if (!config.no_effect.empty())
    log::warn("config", "known keys that have no effect yet: {}",
              fmt::join(config.no_effect, ", "));
  for (const auto& key : config.unenforced)
    log::warn("config",
              "{} restricts access and is NOT enforced (accepted by "
              "--accept-unenforced)",
              key);
}

/// This program as it would be typed where it was started.
std::string own_path() {
  std::error_code failure;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", failure);
  if (failure)
    return "troupe";
  const auto nearby = std::filesystem::relative(path, failure).string();
  return failure || nearby.empty() || nearby.starts_with("..") ? path.string() : nearby;
}

/// The command that talks to this gateway, with what differs from the defaults.
std::string chat_command(const gateway_run_options& options, std::uint16_t port) {
  auto command = own_path();
  if (!options.state_dir.empty())
    command += " --state-dir " + options.state_dir;
  if (!options.config_path.empty())
    command += " --config " + options.config_path;
  if (options.port)
    command += fmt::format(" --url ws://127.0.0.1:{}", port);
  return command + " chat --message \"what time is it?\"";
}

void show_banner(const gateway_run_options& options, const config::loaded& config,
                 std::uint16_t port, bool token_created, const std::string& token) {
  const auto& gateway = config.values.gateway;
  const std::string host = gateway.bind == config::bind_mode::custom ? gateway.custom_bind_host
                                                                     : std::string{"127.0.0.1"};
  fmt::print("listening on http://{}:{}\n", host, port);
  if (!options.quiet) {
    if (token_created)
      fmt::print("token: {} (shown this once; kept in {}/gateway-token)\n", token,
                 config.where.state_dir);
    else if (gateway.auth.mode != config::auth_mode::none)
      fmt::print("token: as configured, or in {}/gateway-token\n", config.where.state_dir);
    const auto* agent = config.values.agents.find(config.values.agents.default_id);
    if (agent != nullptr)
      fmt::print("model: {}{}\n", agent->model.text(),
                 agent->model.provider == "demo"
                     ? " (built in, for a first try: configure models.providers for a real one)"
                     : "");
    fmt::print("talk:  {}\n", chat_command(options, port));
  }
  std::fflush(stdout);
}

/// The signals that stop the gateway are taken by `next_signal` in the main thread only.
sigset_t block_signals() {
  sigset_t handled;
  sigemptyset(&handled);
  sigaddset(&handled, SIGTERM);
  sigaddset(&handled, SIGINT);
  pthread_sigmask(SIG_BLOCK, &handled, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return handled;
}

bool next_signal(const sigset_t& handled, std::chrono::milliseconds patience) {
  const timespec wait{.tv_sec = patience.count() / 1000,
                      .tv_nsec = patience.count() % 1000 * 1'000'000};
  return sigtimedwait(&handled, nullptr, &wait) > 0;
}

result<void> start_log(const gateway_run_options& options, const config::loaded& config) {
  const auto& logging = config.values.logging;
  log::options chosen;
  chosen.console = options.log_level.value_or(logging.console_level);
  chosen.file = logging.level;
  chosen.file_path =
      logging.file.empty() ? config.where.state_dir + "/logs/troupe.log" : logging.file;
  return log::start(chosen);
}

} // namespace

int run_gateway(const gateway_run_options& options, const std::string& version,
                const gateway_node::seams& between) {
  const auto signals = block_signals();
  auto outcome = config::load({.state_dir = options.state_dir,
                               .config_path = options.config_path,
                               .accept_unenforced = options.accept_unenforced,
                               .environment = from_environment,
                               .working_dir = "."});
  if (!outcome.config) {
    for (const auto& finding : outcome.errors)
      fmt::print(stderr, "troupe: {}\n", finding.text());
    return refuse("the config is not accepted; nothing was started");
  }
  auto config = std::move(*outcome.config);
  if (const auto applied = apply_flags(options, config.values.gateway); !applied)
    return refuse(applied.error().detail);
  const auto created = ensure_secret(config);
  if (!created)
    return refuse(created.error().detail);
  if (const auto logging = start_log(options, config); !logging)
    return refuse(logging.error().detail);
  show_notes(config);

  const auto token = config.values.gateway.auth.token.reveal();
  const auto shown = config; // The node owns its own.
  auto node = gateway_node::start(std::move(config), version, between);
  if (!node)
    return refuse(node.error().detail);
  auto& running = *node.value();
  if (!running.wait_ready(ready_patience))
    log::warn("node", "not all shards are led after {} s", ready_patience.count());
  show_banner(options, shown, running.port(), created.value(), token);

  while (!next_signal(signals, 500ms))
    if (running.failed())
      return refuse("an essential part gave up; see the log");
  log::info("node", "stopping: running turns may finish for {} s", drain_patience.count());
  alarm(stop_seconds_max);
  const bool ended = running.stop(drain_patience, [&] { return next_signal(signals, 0ms); });
  log::info("node", "stopped");
  log::stop();
  if (!ended)
    _exit(0);
  return 0;
}

} // namespace troupe
