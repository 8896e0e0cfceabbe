#pragma once

#include "app/cli/cli.hpp"
#include "app/cli/failure.hpp"
#include "base/secret.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// From words to typed options. Pure: looks at nothing but its arguments.
namespace troupe::cli {

/// Before or after the verb, with every verb.
struct global_options {
  std::string state_dir;
  std::string config_path;
  std::string url;
  secret token;
  secret password;
  std::string certificates;
  bool json = false;
  std::optional<std::chrono::seconds> timeout; ///< Unset: the verb's own.
};

struct run_verb {
  gateway_run_options options; ///< Without what `global_options` holds.
};
struct status_verb {};
struct health_verb {};
struct probe_verb {};
struct call_verb {
  std::string method;
  std::string params; ///< JSON object; empty: none are sent.
  bool expect_final = false;
};
struct agent_verb {
  std::string message;
  std::string session_key;
  std::string agent;
  std::string idempotency_key; ///< Empty: a new one.
  bool stream = false;
};
struct chat_verb {
  std::string session_key = "main";
  std::optional<std::string> message;
};
struct config_validate_verb {
  std::string file;
  std::vector<std::string> accept_unenforced;
};
struct config_get_verb {
  std::string path; ///< Empty: everything.
};
struct config_schema_verb {};
struct version_verb {};

using any_verb =
    std::variant<run_verb, status_verb, health_verb, probe_verb, call_verb, agent_verb, chat_verb,
                 config_validate_verb, config_get_verb, config_schema_verb, version_verb>;

struct command {
  global_options global;
  any_verb what;
};

/// The words asked for help; this is it.
struct help_text {
  std::string text;
};

/// Errors: `usage`, whose `next` names the help that fits.
outcome<std::variant<command, help_text>> parse_command_line(std::vector<std::string> arguments);

/// `--json` is among the words: errors of the command line itself are then JSON as well.
bool wants_json(const std::vector<std::string>& arguments);

} // namespace troupe::cli
