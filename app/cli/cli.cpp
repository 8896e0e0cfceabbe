#include "app/cli/cli.hpp"

#include "app/cli/environment.hpp"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace troupe {

int run_cli(int argc, char** argv, const cli_hooks& hooks) {
  cli::environment around;
  around.out = &std::cout;
  around.err = &std::cerr;
  around.input = STDIN_FILENO;
  around.input_is_terminal = ::isatty(STDIN_FILENO) == 1;
  around.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  around.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
  around.variable = [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    return value ? std::optional<std::string>{value} : std::nullopt;
  };
  around.load_config = config::load;
  around.config_schema = config::schema;
  around.hooks = hooks;
  return cli::run_command({argv + (argc > 0 ? 1 : 0), argv + argc}, around);
}

} // namespace troupe
