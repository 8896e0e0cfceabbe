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
struct status_verb {
  bool deep = false;
};
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
struct devices_list_verb {};
struct devices_approve_verb {
  std::string request_id; ///< Or how it begins, when only one does.
};
struct devices_reject_verb {
  std::string request_id; ///< As above.
};
struct devices_remove_verb {
  std::string device_id; ///< Or how it begins, when only one does.
};
struct devices_rotate_verb {
  std::string device_id; ///< As above.
  std::string role = "operator";
  std::vector<std::string> scopes; ///< Empty: as before.
};
struct devices_revoke_verb {
  std::string device_id; ///< As above.
  std::string role = "operator";
};
struct config_validate_verb {
  std::string file;
  std::vector<std::string> accept_unenforced;
};
struct config_get_verb {
  std::string path; ///< Empty: everything.
};
struct config_schema_verb {};
struct config_set_verb {
  std::string path;
  std::string value; ///< JSON5, or text.
  bool has_value = false;
  bool strict = false;
  std::string ref_source; ///< Instead of a value: a secret reference.
  std::string ref_id;
  std::string ref_provider;
  bool dry_run = false;
  std::vector<std::string> accept_unenforced;
};
struct config_unset_verb {
  std::string path;
  bool dry_run = false;
  std::vector<std::string> accept_unenforced;
};
struct config_file_verb {};
struct config_diff_verb {
  std::string other; ///< Empty: the copy that the last write left.
};
struct onboard_verb {
  bool non_interactive = false;
  bool force = false;
  std::string workspace;
  std::string model;
  std::uint16_t port = 0; ///< 0: not said.
  std::string bind;
  std::string auth;
  std::string token;
  std::string token_variable;
  std::string password_variable;
  std::string base_url;
  std::string model_id;
  std::string provider_id = "custom";
  std::string compatibility = "openai";
  std::string key_variable;
};
struct doctor_verb {};
struct logs_verb {
  bool follow = false;
  unsigned limit = 200;
};
struct sessions_verb {
  std::string agent;
  unsigned limit = 100;
};
struct completion_verb {
  std::string shell;
};
struct version_verb {};

using any_verb =
    std::variant<run_verb, status_verb, health_verb, probe_verb, call_verb, agent_verb, chat_verb,
                 devices_list_verb, devices_approve_verb, devices_reject_verb, devices_remove_verb,
                 devices_rotate_verb, devices_revoke_verb, config_validate_verb, config_get_verb,
                 config_schema_verb, config_set_verb, config_unset_verb, config_file_verb,
                 config_diff_verb, onboard_verb, doctor_verb, logs_verb, sessions_verb,
                 completion_verb, version_verb>;

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

/// The grammar as words, for shell completion.
struct word_tree {
  struct option {
    std::string name; ///< "--json"
    std::string about;
    bool takes_value = false;
  };
  std::string word;
  std::string about;
  std::vector<option> options;
  std::vector<word_tree> under;
};
word_tree command_words();

/// `--json` is among the words: errors of the command line itself are then JSON as well.
bool wants_json(const std::vector<std::string>& arguments);

} // namespace troupe::cli
