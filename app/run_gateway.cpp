#include "app/run_gateway.hpp"

#include "app/config_reloader.hpp"
#include "app/config_watcher.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "config/token_file.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

namespace troupe {
namespace {

using namespace std::chrono_literals;

/// How long running turns may still finish after SIGTERM; a second signal ends the wait.
constexpr auto drain_patience = 5s;
/// What a supervisor starts again: the config needs a restart and says `restart` (EX_TEMPFAIL).
constexpr int restart_status = 75;
/// Past this the process ends by SIGALRM: the store needs no orderly stop to be sound.
constexpr unsigned stop_seconds_max = 25;
constexpr auto ready_patience = 10s;

/// Says why there is no gateway, as people or (`--json`) programs read it.
int refuse(const gateway_run_options& options, std::string_view what) {
  if (options.json) {
    const boost::json::object told{{"code", "not_started"},
                                   {"message", what},
                                   {"next", "mend what the message names, then start again"}};
    fmt::print("{}\n", boost::json::serialize(boost::json::object{{"ok", false}, {"error", told}}));
  } else {
    fmt::print(stderr, "troupe: {}\n", what);
  }
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
  const bool secret_missing = gateway.auth.mode != config::auth_mode::trusted_proxy &&
                              gateway.auth.token.empty() && gateway.auth.password.empty();
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
    fmt::print(stderr, "{}\n", config.where.openclaw_hint);
  for (const auto& warning : config.warnings)
    log::warn("config", "{}", warning.text());
  if (!config.values.agents.model_note.empty())
    log::info("config", "{}", config.values.agents.model_note);
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

/// What a user needs to connect.
struct banner {
  std::string url;
  std::uint16_t port = 0;
  std::string new_token; ///< Only when it was made by this start: it is shown once.
  std::string token_file;
  bool needs_token = true;
  std::string model;
  std::string model_note;
  std::string talk;
};

banner banner_of(const gateway_run_options& options, const config::loaded& config,
                 std::uint16_t port, bool token_created) {
  const auto& gateway = config.values.gateway;
  const std::string host = gateway.bind == config::bind_mode::custom ? gateway.custom_bind_host
                                                                     : std::string{"127.0.0.1"};
  banner out;
  out.url = fmt::format("http://{}:{}", host, port);
  out.port = port;
  if (token_created)
    out.new_token = gateway.auth.token.reveal();
  out.token_file = config.where.state_dir + "/gateway-token";
  out.needs_token = gateway.auth.mode != config::auth_mode::none;
  if (const auto* agent = config.values.agents.find(config.values.agents.default_id))
    out.model = agent->model.text();
  out.model_note = config.values.agents.model_note;
  out.talk = chat_command(options, port);
  return out;
}

void show_as_json(const banner& shown) {
  boost::json::object told{{"ok", true},
                           {"url", shown.url},
                           {"port", shown.port},
                           {"model", shown.model},
                           {"talk", shown.talk}};
  if (!shown.new_token.empty())
    told["token"] = shown.new_token;
  fmt::print("{}\n", boost::json::serialize(told));
}

std::string about_model(const banner& shown) {
  if (shown.model.starts_with("demo/"))
    return " (built in, for a first try: set OPENAI_API_KEY or ANTHROPIC_API_KEY, or configure "
           "models.providers, for a real one)";
  return shown.model_note.starts_with(shown.model + " ") ? " (by its key in the environment)" : "";
}

void show_as_text(const banner& shown, bool quiet) {
  fmt::print("listening on {}\n", shown.url);
  if (quiet)
    return;
  if (!shown.new_token.empty())
    fmt::print("token: {} (shown this once; kept in {})\n", shown.new_token, shown.token_file);
  else if (shown.needs_token)
    fmt::print("token: as configured, or in {}\n", shown.token_file);
  fmt::print("model: {}{}\n", shown.model, about_model(shown));
  fmt::print("talk:  {}\n", shown.talk);
}

/// The signals that stop the gateway are taken by `next_signal` in the main thread only.
sigset_t block_signals() {
  sigset_t handled;
  sigemptyset(&handled);
  sigaddset(&handled, SIGTERM);
  sigaddset(&handled, SIGINT);
  sigaddset(&handled, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &handled, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return handled;
}

/// Its number; 0: none came.
int next_signal(const sigset_t& handled, std::chrono::milliseconds patience) {
  const timespec wait{.tv_sec = patience.count() / 1000,
                      .tv_nsec = patience.count() % 1000 * 1'000'000};
  return std::max(0, sigtimedwait(&handled, nullptr, &wait));
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

config::load_options load_options_of(const gateway_run_options& options) {
  config::load_options out;
  out.state_dir = options.state_dir;
  out.config_path = options.config_path;
  out.accept_unenforced = options.accept_unenforced;
  out.environment = from_environment;
  return out;
}

/// What the command line adds to a config, now and at each reload; true: a token was made.
result<bool> settle(const gateway_run_options& options, config::loaded& config) {
  TR_TRY(apply_flags(options, config.values.gateway));
  if (options.log_level)
    config.values.logging.console_level = *options.log_level;
  return ensure_secret(config);
}

std::vector<std::string> decided_paths(const gateway_run_options& options) {
  std::vector<std::string> out;
  if (options.port)
    out.emplace_back("gateway.port");
  if (!options.bind.empty())
    out.insert(out.end(), {"gateway.bind", "gateway.customBindHost"});
  if (options.log_level)
    out.emplace_back("logging.consoleLevel");
  return out;
}

std::shared_ptr<config_reloader> make_reloader(const gateway_run_options& options,
                                               const config::load_outcome& file,
                                               const config::loaded& settled) {
  config_reloader::surroundings around;
  around.options = load_options_of(options);
  around.decided = decided_paths(options);
  around.settle = [options](config::loaded& next) -> result<void> {
    TR_TRY(settle(options, next));
    return boost::outcome_v2::success();
  };
  around.now = [] { return system_clock().now_wall_ms(); };
  return std::make_shared<config_reloader>(std::move(around), file, settled);
}

/// The node, and what changes its config while it lives.
class reloading {
public:
  reloading(gateway_node& node, std::shared_ptr<config_reloader> reloader)
      : reloader_(std::move(reloader)) {
    reloader_->attach({[&node](std::shared_ptr<const config::loaded> next) {
                         return node.apply(std::move(next));
                       },
                       [&node](const config::loaded& before, const config::loaded& now,
                               const std::string& hash) { node.announce(before, now, hash); }});
    auto watching = config_watcher::start([this] { return reloader_->files(); },
                                          [this] { reloader_->reload(); });
    if (watching)
      watcher_ = std::move(watching.value());
    else
      log::warn("config", "{}", watching.error().detail);
  }
  ~reloading() { end(); }
  reloading(const reloading&) = delete;
  reloading& operator=(const reloading&) = delete;

  void now() { reloader_->reload(); }
  bool wants_restart() const { return reloader_->wants_restart(); }
  /// After this the node is left alone.
  void end() {
    watcher_.reset();
    reloader_->detach();
  }

private:
  std::shared_ptr<config_reloader> reloader_;
  std::unique_ptr<config_watcher> watcher_;
};

enum class stop_reason { told, failed, restart };

stop_reason wait_for_the_end(const sigset_t& signals, const gateway_node& node, reloading& config) {
  while (true) {
    const int signal = next_signal(signals, 500ms);
    if (signal == SIGHUP)
      config.now();
    else if (signal != 0)
      return stop_reason::told;
    if (node.failed())
      return stop_reason::failed;
    if (config.wants_restart())
      return stop_reason::restart;
  }
}

/// Stops in order; the process's exit status.
int stop(const sigset_t& signals, gateway_node& node, int status) {
  log::info("node", "stopping: running turns may finish for {} s", drain_patience.count());
  alarm(stop_seconds_max);
  const bool ended = node.stop(drain_patience, [&] {
    const int signal = next_signal(signals, 0ms);
    return signal != 0 && signal != SIGHUP;
  });
  log::info("node", "stopped");
  log::stop();
  if (!ended)
    _exit(status);
  return status;
}

} // namespace

int run_gateway(const gateway_run_options& options, const std::string& version,
                const gateway_node::seams& between) {
  const auto signals = block_signals();
  auto outcome = config::load(load_options_of(options));
  if (!outcome.config) {
    std::string findings;
    for (const auto& finding : outcome.errors)
      findings += finding.text() + "\n";
    return refuse(options, findings + "the config is not accepted; nothing was started");
  }
  auto config = *outcome.config;
  const auto created = settle(options, config);
  if (!created)
    return refuse(options, created.error().detail);
  if (const auto logging = start_log(options, config); !logging)
    return refuse(options, logging.error().detail);
  show_notes(config);

  const auto shown = config; // The node owns its own.
  const auto reloader = make_reloader(options, outcome, config);
  auto node = gateway_node::start(std::move(config), version, between, reloader);
  if (!node)
    return refuse(options, node.error().detail);
  auto& running = *node.value();
  reloading changes{running, reloader};
  if (!running.wait_ready(ready_patience))
    log::warn("node", "not all shards are led after {} s", ready_patience.count());
  const auto connect = banner_of(options, shown, running.port(), created.value());
  if (options.json)
    show_as_json(connect);
  else
    show_as_text(connect, options.quiet);
  std::fflush(stdout);

  const auto why = wait_for_the_end(signals, running, changes);
  changes.end();
  if (why == stop_reason::failed)
    return refuse(options, "an essential part gave up; see the log");
  if (why == stop_reason::restart)
    log::info("config", "the changed config needs a restart: stopping with status {}",
              restart_status);
  return stop(signals, running, why == stop_reason::restart ? restart_status : 0);
}

} // namespace troupe
