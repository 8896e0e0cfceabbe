#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/edit/edit.hpp"
#include "config/load.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::gateway {

/// How the config in force and the file stand to each other.
struct config_state {
  std::string mode = "off";     ///< gateway.reload.mode in force.
  std::uint64_t generation = 1; ///< Counts the configs that were in force; 1: that of the start.
  wall_ms applied_at = 0;       ///< Of the last one.
  std::string hash;             ///< Names the file that it came from.
  /// Paths whose new values are in force after a restart only.
  std::vector<std::string> restart_needed;
  std::string refused; ///< Why the file is not in force as it is; empty: it is.
};

/// A change that a client asks for.
struct config_write {
  std::string method; ///< "config.patch"
  config::edit what;
  std::string base_hash; ///< Names the file that the client looked at; empty: not said.
};

struct config_written {
  std::string path;
  std::string hash;                 ///< Of the file now.
  std::vector<std::string> changed; ///< Empty: there was nothing to write.
  std::shared_ptr<const config::loaded> running;
  config_state state;
};

/// The door from the gateway's methods to the config file and its reloading, which the composition
/// root owns. Lives as long as the node. Thread: any; all but `state` block on the disk.
class config_control {
public:
  virtual ~config_control() = default;

  virtual config_state state() const = 0;
  /// The file as it is now, good or bad.
  virtual config::load_outcome read() const = 0;
  /// Checks the base, edits, validates, writes and puts into force what can be.
  /// Errors, in the protocol's words: `invalid_argument` (the base is missing or old, the edit or
  /// what comes of it is not accepted), `overloaded` (too many writes), and those of the disk.
  virtual result<config_written> write(const config_write& wanted) = 0;
};

} // namespace troupe::gateway
