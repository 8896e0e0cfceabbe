#pragma once

#include "app/cli/cli.hpp"
#include "config/load.hpp"

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

namespace troupe::cli {

/// Everything a verb touches outside of its arguments and the gateway, so that tests can stand in.
/// Owned by the caller of `run_command`; outlives it.
struct environment {
  std::ostream* out = nullptr; ///< Results.
  std::ostream* err = nullptr; ///< Errors, warnings, prompts' hints.
  int input = 0;               ///< Where `chat` reads lines.
  bool input_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  /// Readable once for each Ctrl-C; -1: verbs that care install their own signal handler.
  int interrupts = -1;
  std::function<std::optional<std::string>(const std::string& name)> variable;
  std::function<config::load_outcome(const config::load_options&)> load_config;
  std::function<boost::json::value()> config_schema;
  cli_hooks hooks;
};

/// `run_cli` without its process: `arguments` are those after the program's name.
int run_command(const std::vector<std::string>& arguments, const environment& around);

} // namespace troupe::cli
