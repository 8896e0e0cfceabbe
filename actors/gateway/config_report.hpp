#pragma once

#include "config/load.hpp"

#include <string>
#include <string_view>

namespace troupe::gateway {

/// Names what the config file and its includes hold, for whoever wants to change exactly that.
/// Opaque to clients; made with a key of this process, so that it gives nothing about a secret
/// away. After a restart the same file has another name.
std::string config_hash(const config::load_outcome& file);

/// A config that was accepted as if it had just been read.
config::load_outcome as_read(const config::loaded& config);

/// The result of `config.get`: `file` as it is on the disk, `running` as it is in force.
/// `applied_hash`: what `running` came from. Every secret is replaced. Source: protocol section 10.
std::string config_report(const config::loaded& running, const config::load_outcome& file,
                          std::string_view applied_hash);

} // namespace troupe::gateway
