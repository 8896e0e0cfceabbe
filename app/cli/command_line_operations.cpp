#include "app/cli/command_words.hpp"

#include <memory>

namespace troupe::cli {
namespace {

constexpr unsigned log_lines_max = 5'000;
constexpr unsigned sessions_max = 1'000;

void add_set(CLI::App& config, raw_options& raw) {
  const auto set = std::make_shared<config_set_verb>();
  auto* verb =
      add_verb(config, "set", "Change one value; the result is checked as a start would",
               "  troupe config set gateway.port 18790\n"
               "  troupe config set gateway.auth.token --ref-source env --ref-id MY_TOKEN\n"
               "  troupe config set agents.defaults.model openai/gpt-5 --dry-run\n");
  verb->add_option("path", set->path, "Such as gateway.port")->required();
  auto* value = verb->add_option("value", set->value, "JSON5; anything else is taken as text");
  verb->add_flag("--strict-json", set->strict, "Refuse a value that is not JSON5");
  auto* source =
      verb->add_option("--ref-source", set->ref_source, "A secret reference: env or file")
          ->check(CLI::IsMember({"env", "file"}));
  verb->add_option("--ref-id", set->ref_id, "Its id: a variable, or a pointer into the file")
      ->needs(source);
  verb->add_option("--ref-provider", set->ref_provider, "Its provider [secrets.defaults]")
      ->needs(source);
  source->excludes(value);
  verb->add_flag("--dry-run", set->dry_run, "Check and show, write nothing");
  verb->add_option("--accept-unenforced", set->accept_unenforced, "As with gateway run")
      ->allow_extra_args(false);
  verb->callback([&raw, set, value] {
    set->has_value = value->count() > 0;
    raw.parsed.what = *set;
  });
}

void add_unset(CLI::App& config, raw_options& raw) {
  const auto unset = std::make_shared<config_unset_verb>();
  auto* verb = add_verb(config, "unset", "Take one value away, so that its default counts",
                        "  troupe config unset gateway.port\n");
  verb->add_option("path", unset->path, "Such as gateway.port")->required();
  verb->add_flag("--dry-run", unset->dry_run, "Check and show, write nothing");
  verb->add_option("--accept-unenforced", unset->accept_unenforced, "As with gateway run")
      ->allow_extra_args(false);
  verb->callback([&raw, unset] { raw.parsed.what = *unset; });
}

void add_onboard(CLI::App& app, raw_options& raw) {
  const auto onboard = std::make_shared<onboard_verb>();
  auto* verb =
      add_verb(app, "onboard", "Write a first config",
               "  troupe onboard --non-interactive --model openai/gpt-5\n"
               "  troupe onboard --non-interactive --custom-base-url http://127.0.0.1:8000/v1 "
               "--custom-model-id llama\n");
  verb->add_flag("--non-interactive", onboard->non_interactive, "Ask nothing");
  verb->add_option("--workspace", onboard->workspace, "The agent's folder [<state>/workspace]");
  verb->add_option("--model", onboard->model, "provider/model");
  verb->add_option("--gateway-port", onboard->port, "Port to listen on [18789]")
      ->check(CLI::Range(1, 65'535));
  verb->add_option("--gateway-bind", onboard->bind, "loopback, lan or an IP address [loopback]");
  verb->add_option("--gateway-auth", onboard->auth, "token, password or none [token]")
      ->check(CLI::IsMember({"token", "password", "none"}));
  auto* literal = verb->add_option("--gateway-token", onboard->token,
                                   "The token; others can see it in the process list");
  verb->add_option("--gateway-token-ref-env", onboard->token_variable,
                   "The variable that will hold the token")
      ->excludes(literal);
  verb->add_option("--gateway-password-ref-env", onboard->password_variable,
                   "The variable that will hold the password");
  auto* url = verb->add_option("--custom-base-url", onboard->base_url,
                               "A provider of your own: its http(s) URL");
  verb->add_option("--custom-model-id", onboard->model_id, "Its model")->needs(url);
  verb->add_option("--custom-provider-id", onboard->provider_id, "What to call it [custom]")
      ->needs(url);
  verb->add_option("--custom-compatibility", onboard->compatibility, "openai or anthropic [openai]")
      ->check(CLI::IsMember({"openai", "anthropic"}))
      ->needs(url);
  verb->add_option("--custom-api-key-ref-env", onboard->key_variable,
                   "The variable that will hold its key")
      ->needs(url);
  verb->add_flag("--force", onboard->force,
                 "Replace the config that is there; a copy stays as .bak");
  verb->callback([&raw, onboard] { raw.parsed.what = *onboard; });
}

void add_logs(CLI::App& app, raw_options& raw) {
  const auto logs = std::make_shared<logs_verb>();
  auto* verb = add_verb(app, "logs", "Show the gateway's log",
                        "  troupe logs --limit 50\n  troupe logs --follow\n");
  verb->add_flag("-f,--follow", logs->follow, "Go on until Ctrl-C");
  verb->add_option("--limit", logs->limit, "Lines to begin with [200]")
      ->check(CLI::Range(1u, log_lines_max));
  verb->callback([&raw, logs] { raw.parsed.what = *logs; });
}

void add_sessions(CLI::App& app, raw_options& raw) {
  const auto sessions = std::make_shared<sessions_verb>();
  auto* verb = add_verb(app, "sessions", "List the conversations, the newest first",
                        "  troupe sessions\n  troupe sessions --agent work --limit 20\n");
  verb->add_option("--agent", sessions->agent, "Only this agent's");
  verb->add_option("--limit", sessions->limit, "At most so many [100]")
      ->check(CLI::Range(1u, sessions_max));
  verb->callback([&raw, sessions] { raw.parsed.what = *sessions; });
}

} // namespace

void add_config_changes(CLI::App& config, raw_options& raw) {
  add_set(config, raw);
  add_unset(config, raw);
  add_verb(config, "file", "Print where the config file is",
           "  $EDITOR \"$(troupe config file)\"\n")
      ->callback([&raw] { raw.parsed.what = config_file_verb{}; });
  const auto diff = std::make_shared<config_diff_verb>();
  auto* verb = add_verb(config, "diff",
                        "Show what differs from another config, and what a running "
                        "gateway does about it",
                        "  troupe config diff\n  troupe config diff /etc/troupe/troupe.json\n");
  verb->add_option("other", diff->other, "The config before [the copy that the last write left]");
  verb->callback([&raw, diff] { raw.parsed.what = *diff; });
}

void add_operations(CLI::App& app, raw_options& raw) {
  add_onboard(app, raw);
  add_verb(app, "doctor", "Look for what is wrong on this machine, with the remedy",
           "  troupe doctor\n")
      ->callback([&raw] { raw.parsed.what = doctor_verb{}; });
  const auto status = std::make_shared<status_verb>();
  auto* verb = add_verb(app, "status", "As gateway status", "  troupe status --deep\n");
  verb->add_flag("--deep", status->deep, "Also agents, sessions and who is connected");
  verb->callback([&raw, status] { raw.parsed.what = *status; });
  add_logs(app, raw);
  add_sessions(app, raw);
  const auto completion = std::make_shared<completion_verb>();
  auto* shell = add_verb(app, "completion", "Print a completion script for a shell",
                         "  source <(troupe completion bash)\n"
                         "  troupe completion fish > ~/.config/fish/completions/troupe.fish\n");
  shell->add_option("shell", completion->shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  shell->callback([&raw, completion] { raw.parsed.what = *completion; });
}

word_tree words_of(const CLI::App& app) {
  word_tree out;
  out.word = app.get_name();
  out.about = app.get_description();
  for (const auto* option : app.get_options())
    for (const auto& name : option->get_lnames())
      out.options.push_back(
          {"--" + name, option->get_description(), option->get_items_expected() > 0});
  for (const auto* under : app.get_subcommands({}))
    out.under.push_back(words_of(*under));
  return out;
}

} // namespace troupe::cli
