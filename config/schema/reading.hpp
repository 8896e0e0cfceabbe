#pragma once

#include "config/load.hpp"
#include "config/schema/cursor.hpp"
#include "config/source/environment.hpp"
#include "config/source/secret_files.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe::config {

/// At most so many findings of a kind are kept; a config with more is beyond reading anyway.
inline constexpr std::size_t findings_max = 100;

/// Where the secrets of references come from, as the section `secrets` says.
struct secret_sources {
  std::map<std::string, secret_file> files; ///< By alias.
  /// Variables that an `env` provider gives out, by alias; none: all.
  std::map<std::string, std::optional<std::set<std::string>>> variables{{"default", std::nullopt}};
  std::string default_env = "default";
  std::string default_file = "default";
  secret_files contents;
};

/// What one loading of a config collects on its way through the declarations.
/// Outlives no load; one thread.
class reading {
public:
  reading(environment& variables, std::vector<std::string> files,
          std::vector<std::string> accept_unenforced);

  /// `at` points to a value; a cursor without one stands for what is missing.
  void fail(const cursor& at, std::string message);
  /// As `fail`, with the place of the key instead of the value.
  void fail_key(const cursor& at, std::string message);
  void warn(const cursor& at, std::string message);
  /// Failure of something outside the file, such as a variable.
  void fail_setting(std::string path, std::string message);

  /// `at` is a known key that no declaration covers, or no key at all: notes what follows from
  /// that for it and all below (docs/formats/config.md). `siblings` are the declared keys beside
  /// it.
  void not_declared(const cursor& at, std::string_view key, std::vector<std::string> siblings);

  /// Warns about every --accept-unenforced that met no key.
  void finish();

  environment& variables() { return variables_; }
  secret_sources& secrets() { return secrets_; }
  bool failed() const { return !errors.empty(); }

  std::vector<finding> errors;
  std::vector<finding> warnings;
  std::vector<std::string> no_effect;
  std::vector<std::string> unenforced;

private:
  finding make(const cursor& at, const json5::position& place, std::string message) const;
  bool is_accepted(const std::string& path);
  void unknown(const cursor& at, std::string_view key, std::vector<std::string> siblings);
  bool inspect(const cursor& at, std::string_view key, const std::vector<std::string>& siblings,
               bool covered);
  bool inspect_children(const cursor& at, bool covered);

  environment& variables_;
  secret_sources secrets_;
  const std::vector<std::string> files_;
  struct acceptance {
    std::string path;
    bool used = false;
  };
  std::vector<acceptance> accepted_;
};

} // namespace troupe::config
