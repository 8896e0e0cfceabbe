#pragma once

#include "app/cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <string>

/// What the parts of the command line's grammar share. Only `command_line*.cpp` include it: CLI11
/// is a large header.
namespace troupe::cli {

/// What CLI11 writes into; turned into a `command` when all is parsed.
struct raw_options {
  command parsed;
  std::string token;
  std::string password;
  std::string log_level;
  unsigned timeout_s = 0;
  unsigned port = 0;
  std::string message;
};

/// A verb below `under`; `examples` are whole lines.
CLI::App* add_verb(CLI::App& under, const std::string& name, const std::string& about,
                   const std::string& examples);

/// `devices list|approve|reject|remove|rotate|revoke`.
void add_devices(CLI::App& app, raw_options& raw);
/// `config set|unset|file|diff`, below `config`.
void add_config_changes(CLI::App& config, raw_options& raw);
/// `onboard`, `doctor`, `logs`, `sessions`, `status`, `completion`.
void add_operations(CLI::App& app, raw_options& raw);

/// The grammar as a tree of words, for shell completion.
word_tree words_of(const CLI::App& app);

} // namespace troupe::cli
