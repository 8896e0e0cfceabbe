#pragma once

#include "config/load.hpp"
#include "config/source/environment.hpp"

namespace troupe::config {

/// Finds the state directory and the config file. First one set wins: the flag, the `TROUPE_`
/// variable, the `OPENCLAW_` variable, the default. Only variables of the process itself count: a
/// `.env` file in the working folder must not redirect the gateway to another config.
/// Makes paths absolute; creates nothing. Errors: `not_found` (no home directory).
result<locations> locate(const load_options& options, const environment& process);

/// $HOME, else the password database's; may be empty.
std::string home_directory(const environment& process);

} // namespace troupe::config
