#pragma once

#include "base/result.hpp"
#include "config/settings.hpp"

#include <boost/json/value.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace troupe::config {

/// What the command line and the environment say. `environment` is a seam for tests.
struct load_options {
  std::string state_dir;   ///< --state-dir; empty: environment, then ~/.troupe.
  std::string config_path; ///< --config; empty: environment, then <state>/troupe.json.
  std::vector<std::string> accept_unenforced; ///< --accept-unenforced, repeated.
  std::function<std::optional<std::string>(const std::string& name)> environment;
  std::string working_dir = "."; ///< Where `.env` is looked for.
  /// Instead of what the config file holds: would this be accepted?
  std::optional<std::string> text;
};

/// Where things are, after flags and environment.
struct locations {
  std::string state_dir;
  std::string config_path;
  bool config_exists = false;
  /// Set when only OpenClaw's own config file exists: the exact command that would use it.
  std::string openclaw_hint;
};

/// One thing wrong or noteworthy in the config, with its place.
struct finding {
  std::string path;  ///< "gateway.auth.token"
  unsigned line = 0; ///< 0: not from a file.
  unsigned column = 0;
  std::string message; ///< What is wrong, what was expected, the nearest known key.
  std::string file;    ///< As it was opened; empty: not from a file.
  /// "gateway.prot (troupe.json:3:5): unknown key; did you mean \"port\"?"
  std::string text() const;
};

struct loaded {
  locations where;
  settings values;
  boost::json::value source;           ///< The file as parsed, before includes and substitution.
  boost::json::value merged;           ///< With its includes, before substitution.
  boost::json::value effective;        ///< The built sections in force, secrets replaced.
  std::vector<std::string> files;      ///< The config and what it includes, as they were opened.
  std::vector<std::string> no_effect;  ///< Known keys that are not built and restrict nothing.
  std::vector<std::string> unenforced; ///< Restricting keys accepted by --accept-unenforced.
  std::vector<finding> warnings;
};

/// Either `values` or the reasons to refuse; never half of each.
struct load_outcome {
  std::optional<loaded> config;
  std::vector<finding> errors;
  locations where;
  std::string text;                         ///< Of the config file, if it could be read.
  std::optional<boost::json::value> source; ///< The same parsed, if it could be; {} without a file.
};

/// Reads, substitutes, validates. Touches no file but the config, `.env` files and referenced
/// secrets; never writes.
load_outcome load(const load_options& options);

/// JSON Schema (draft 2020-12) of the sections that are built, from the same declarations. Keys of
/// OpenClaw's that are not built are neither described nor forbidden by it.
boost::json::value schema();

/// The value in force at `path` ("gateway.port", "models.providers.openai.models[0].id"; empty: all
/// of it), for `troupe config get`. Keys that are not built answer as they were written. Secrets
/// are replaced by `__OPENCLAW_REDACTED__`. Errors: `not_found`, naming the nearest key.
result<boost::json::value> get_effective(const loaded& config, std::string_view path);

/// A copy of a config as written in which every secret is replaced: what stands under a key that
/// names one (token, apiKey, headers …), and user and password in URLs. References to variables
/// stay.
boost::json::value redacted(const boost::json::value& source);

} // namespace troupe::config
