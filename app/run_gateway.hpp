#pragma once

#include "app/cli/cli.hpp"
#include "app/gateway_node.hpp"

namespace troupe {

/// `troupe gateway run`: loads the config, starts the node, says where it listens, and runs until
/// SIGTERM or SIGINT. It follows its config (docs/formats/config.md, "Reloading"), at once on
/// SIGHUP. Returns the process's exit status: 0 stopped in order, 1 could not start or gave up, 75
/// stopped in order for a restart that the config asks for. Thread: main, before any other thread
/// exists.
int run_gateway(const gateway_run_options& options, const std::string& version,
                const gateway_node::seams& between = {});

} // namespace troupe
