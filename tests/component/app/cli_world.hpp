#pragma once

#include "app/cli/environment.hpp"

#include <boost/json/value.hpp>

#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace troupe::test {

/// A shell that runs the command line in this process.
class cli_world {
public:
  cli_world();
  ~cli_world();
  cli_world(const cli_world&) = delete;
  cli_world& operator=(const cli_world&) = delete;

  /// Runs `troupe <words>` and gives its exit status; what it printed is in `out` and `err`.
  int run(std::vector<std::string> words);
  /// As `run` with --json; the one object that it must have printed.
  boost::json::value run_json(std::vector<std::string> words);
  /// What the verb reads as its input.
  void type(const std::string& text);
  /// Presses Ctrl-C. Thread: any.
  void interrupt();

  std::string out;
  std::string err;
  int status = 0;
  std::map<std::string, std::string> variables;
  config::load_outcome loaded; ///< What the config is, unless `real_config` says to look.
  bool real_config = false;
  std::vector<gateway_run_options> gateways; ///< What `gateway run` was asked.

private:
  int input_[2] = {-1, -1};
  int interrupts_[2] = {-1, -1};
};

} // namespace troupe::test
