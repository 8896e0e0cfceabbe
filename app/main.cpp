#include "app/cli/cli.hpp"
#include "app/run_gateway.hpp"

int main(int argc, char** argv) {
  troupe::cli_hooks hooks;
  hooks.gateway_run = [](const troupe::gateway_run_options& options) {
    return troupe::run_gateway(options, TROUPE_VERSION);
  };
  return troupe::run_cli(argc, argv, hooks);
}
