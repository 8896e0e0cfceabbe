#include "app/cli/command_line.hpp"

#include "app/cli/command_words.hpp"

#include <algorithm>

namespace troupe::cli {
namespace {

constexpr unsigned timeout_s_max = 7 * 24 * 3600;

const char* const connecting =
    "The gateway's address and token come from its config and state directory; --url and --token\n"
    "(or TROUPE_GATEWAY_TOKEN) name another one.";

void add_global(CLI::App& app, raw_options& raw) {
  auto& global = raw.parsed.global;
  const auto* const group = "Everywhere";
  app.add_option("--state-dir", global.state_dir,
                 "Where the gateway keeps its data [TROUPE_STATE_DIR, ~/.troupe]")
      ->group(group);
  app.add_option("--config", global.config_path,
                 "Config file [TROUPE_CONFIG_PATH, <state>/troupe.json]")
      ->group(group);
  app.add_option("--url", global.url, "Another gateway's address: ws://host:port")->group(group);
  app.add_option("--token", raw.token,
                 "Its token; others can see it in the process list, so better set "
                 "TROUPE_GATEWAY_TOKEN")
      ->group(group);
  app.add_option("--password", raw.password,
                 "Its password, when it asks for one [TROUPE_GATEWAY_PASSWORD]")
      ->group(group);
  app.add_option("--ca-file", global.certificates, "Trusted certificates for wss:// (PEM)")
      ->group(group);
  app.add_option("--timeout", raw.timeout_s, "Seconds to wait at most")
      ->check(CLI::Range(1u, timeout_s_max))
      ->group(group);
  app.add_flag("--json", global.json, "One JSON object on stdout, also for errors")->group(group);
}

void add_run(CLI::App& gateway, raw_options& raw, run_verb& run) {
  auto* verb = add_verb(gateway, "run", "Run the gateway in the foreground until Ctrl-C",
                        "  troupe gateway run\n"
                        "  troupe gateway run --port 18790 --state-dir /var/lib/troupe\n");
  verb->add_option("--port", raw.port, "Port to listen on [gateway.port, 18789]; 0: any free one")
      ->check(CLI::Range(0, 65'535));
  verb->add_option("--bind", run.options.bind,
                   "loopback, lan (needs auth) or an IP address [gateway.bind]");
  verb->add_option("--accept-unenforced", run.options.accept_unenforced,
                   "Start although this restricting config key is not enforced; repeat for more")
      ->allow_extra_args(false);
  verb->add_option("--log-level", raw.log_level, "trace, debug, info, warn, error or silent")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "fatal", "silent"}));
  verb->add_flag("--quiet", run.options.quiet, "Print no banner");
  verb->callback([&raw, &run, verb] {
    if (verb->count("--port") > 0)
      run.options.port = static_cast<std::uint16_t>(raw.port);
    if (!raw.log_level.empty())
      if (auto level = log::level_from_name(raw.log_level))
        run.options.log_level = level.assume_value();
    raw.parsed.what = run;
  });
}

void add_gateway(CLI::App& app, raw_options& raw, run_verb& run, call_verb& call,
                 status_verb& status) {
  auto* gateway = add_verb(app, "gateway", "Run a gateway, or ask one how it is", "");
  gateway->require_subcommand(1);
  add_run(*gateway, raw, run);
  auto* asking =
      add_verb(*gateway, "status", "Say whether it is reachable, ready, and what it is doing",
               "  troupe gateway status\n  troupe gateway status --deep\n");
  asking->add_flag("--deep", status.deep, "Also agents, sessions and who is connected");
  asking->callback([&raw, &status] { raw.parsed.what = status; });
  add_verb(*gateway, "health", "The gateway's own health report",
           "  troupe gateway health --json\n")
      ->callback([&raw] { raw.parsed.what = health_verb{}; });
  add_verb(*gateway, "probe", "Say whether it answers, accepts us and with which scopes",
           "  troupe gateway probe --url ws://10.0.0.5:18789\n")
      ->callback([&raw] { raw.parsed.what = probe_verb{}; });
  auto* calling =
      add_verb(*gateway, "call", "Call one method and print its result",
               "  troupe gateway call sessions.list\n"
               "  troupe gateway call chat.history --params '{\"sessionKey\":\"main\"}'\n");
  calling->add_option("method", call.method, "Such as sessions.list")->required();
  calling->add_option("--params", call.params, "Its parameters, a JSON object");
  calling->add_flag("--expect-final", call.expect_final,
                    "Wait for the second answer of methods that answer twice (agent)");
  calling->callback([&raw, &call] { raw.parsed.what = call; });
}

void add_agent(CLI::App& app, raw_options& raw, agent_verb& agent) {
  auto* verb = add_verb(app, "agent", "Send one message to an agent and print its answer",
                        "  troupe agent --message \"what time is it?\"\n"
                        "  troupe agent --message \"list files\" --session-key work --stream\n");
  verb->add_option("-m,--message", agent.message, "What to say")->required();
  verb->add_option("--session-key", agent.session_key, "The conversation [the agent's main one]");
  verb->add_option("--agent", agent.agent, "Which agent [the default one]");
  verb->add_option("--idempotency-key", agent.idempotency_key,
                   "Names this request: sent twice, it is answered from the same run");
  verb->add_flag("--stream", agent.stream, "Print the answer while it is written");
  verb->callback([&raw, &agent] { raw.parsed.what = agent; });
}

void add_chat(CLI::App& app, raw_options& raw, chat_verb& chat) {
  auto* verb = add_verb(app, "chat", "Talk to an agent, line by line",
                        "  troupe chat\n"
                        "  troupe chat --message \"what time is it?\"\n"
                        "  printf 'hello\\nand again\\n' | troupe chat --session-key demo\n");
  verb->add_option("--session-key", chat.session_key, "The conversation [main]");
  auto* message = verb->add_option("-m,--message", raw.message, "Say this one thing and exit");
  verb->callback([&raw, &chat, message] {
    if (message->count() > 0)
      chat.message = raw.message;
    raw.parsed.what = chat;
  });
}

void add_config(CLI::App& app, raw_options& raw, config_validate_verb& validate,
                config_get_verb& get) {
  auto* config = add_verb(app, "config", "Look at the config file, or change it", "");
  config->require_subcommand(1);
  auto* checking = add_verb(*config, "validate", "Say whether the gateway would start with it",
                            "  troupe config validate\n  troupe config validate ./troupe.json\n");
  checking->add_option("file", validate.file, "The file [--config]");
  checking
      ->add_option("--accept-unenforced", validate.accept_unenforced,
                   "As with gateway run; repeat for more")
      ->allow_extra_args(false);
  checking->callback([&raw, &validate] { raw.parsed.what = validate; });
  auto* reading =
      add_verb(*config, "get", "Print the config, or one value of it; secrets are hidden",
               "  troupe config get\n  troupe config get gateway.port\n");
  reading->add_option("path", get.path, "Such as gateway.port or models.providers.demo");
  reading->callback([&raw, &get] { raw.parsed.what = get; });
  add_verb(*config, "schema", "Print the JSON Schema of the config",
           "  troupe config schema > troupe.schema.json\n")
      ->callback([&raw] { raw.parsed.what = config_schema_verb{}; });
  add_config_changes(*config, raw);
}

/// The innermost verb that was named: "gateway run".
std::string named_verb(const CLI::App& app) {
  std::string name;
  const auto* at = &app;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
    name += " " + at->get_name();
  }
  return name;
}

const CLI::App& innermost(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : innermost(*chosen.front());
}

void finish(raw_options& raw, const CLI::App& app) {
  auto& global = raw.parsed.global;
  global.token = secret{raw.token};
  global.password = secret{raw.password};
  if (app.count("--timeout") > 0)
    global.timeout = std::chrono::seconds{raw.timeout_s};
}

/// The whole grammar; `raw` and the verbs outlive `app`.
struct grammar {
  raw_options raw;
  run_verb run;
  call_verb call;
  agent_verb agent;
  chat_verb chat;
  config_validate_verb validate;
  config_get_verb get;
  status_verb status;
  CLI::App app{"Troupe: an AI gateway that keeps what it acknowledged.", "troupe"};

  grammar() {
    app.require_subcommand(1);
    app.fallthrough();
    app.footer(std::string{"\n"} + connecting +
               "\n\nExamples:\n  troupe gateway run\n  troupe chat\n"
               "  troupe agent --message \"what time is it?\"\n"
               "\nExit status: 0 ok, 1 failed, 2 usage, 3 no gateway, 4 not authorised, 5 "
               "timeout.");
    add_global(app, raw);
    add_gateway(app, raw, run, call, status);
    add_agent(app, raw, agent);
    add_chat(app, raw, chat);
    add_devices(app, raw);
    add_config(app, raw, validate, get);
    add_operations(app, raw);
    add_verb(app, "version", "Print the version", "")->callback([this] {
      raw.parsed.what = version_verb{};
    });
  }
};

} // namespace

CLI::App* add_verb(CLI::App& under, const std::string& name, const std::string& about,
                   const std::string& examples) {
  auto* made = under.add_subcommand(name, about);
  made->fallthrough();
  if (!examples.empty())
    made->footer("\nExamples:\n" + examples);
  return made;
}

word_tree command_words() {
  const grammar all;
  return words_of(all.app);
}

outcome<std::variant<command, help_text>> parse_command_line(std::vector<std::string> arguments) {
  using answer = std::variant<command, help_text>;
  grammar all;
  auto& app = all.app;
  std::ranges::reverse(arguments); // As CLI11 takes them.
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    return answer{help_text{innermost(app).help()}};
  } catch (const CLI::ParseError& wrong) {
    return usage(wrong.what(), "see `troupe" + named_verb(app) + " --help`");
  }
  finish(all.raw, app);
  return answer{std::move(all.raw.parsed)};
}

bool wants_json(const std::vector<std::string>& arguments) {
  return std::ranges::find(arguments, "--json") != arguments.end();
}

} // namespace troupe::cli
