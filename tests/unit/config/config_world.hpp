#pragma once

#include "config/load.hpp"
#include "tests/support/temp_dir.hpp"

#include <map>
#include <string>
#include <string_view>

namespace troupe::test {

/// A home directory of its own with a state directory in it, and an environment made by hand.
class config_world {
public:
  config_world();

  /// Writes `text` to a file below the home directory, making folders on the way.
  void write(const std::string& relative_path, std::string_view text);
  /// Writes the config into the state directory and loads it.
  config::load_outcome load(std::string_view text);
  config::load_outcome load();
  /// As `load`; fails the test with the findings when the config is refused.
  config::loaded accept(std::string_view text);
  /// The only finding of a config that must be refused, as text.
  std::string refusal(std::string_view text);

  std::string home() const { return home_.path(); }
  std::string state() const { return home() + "/.troupe"; }

  std::map<std::string, std::string> environment;
  config::load_options options;

private:
  temp_dir home_;
};

} // namespace troupe::test
