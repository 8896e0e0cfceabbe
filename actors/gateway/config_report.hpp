#pragma once

#include "config/load.hpp"

#include <string>

namespace troupe::gateway {

/// Names this state of the config for whoever wants to change exactly that. Opaque to clients.
/// It covers the config as written with its secrets replaced, so that it gives nothing about a
/// secret away; a changed secret alone does not change it.
std::string config_hash(const config::loaded& config);

/// The result of `config.get`. Every secret in it is replaced. Source: protocol.md section 10.
std::string config_report(const config::loaded& config);

} // namespace troupe::gateway
