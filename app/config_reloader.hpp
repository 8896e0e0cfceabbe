#pragma once

#include "actors/gateway/config_control.hpp"
#include "config/load.hpp"
#include "config/reload.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace troupe {

/// Keeps the running gateway and its config file together: reads the file again when it may have
/// changed, puts what can be into force at once, remembers what waits for a restart, and refuses
/// what a start would refuse; then the last good config goes on. It also writes the file for the
/// protocol's methods. How edits are treated: docs/formats/config.md, "Reloading".
///
///     file ──read──► refused (kept as a reason)
///              └──► plan ──► hot: applied together · restart: remembered
///
/// Thread: any; reading and writing take turns. Blocks on the disk, but for `state`.
class config_reloader final : public gateway::config_control {
public:
  struct surroundings {
    config::load_options options;
    /// Paths that the command line decides, whatever the file says.
    std::vector<std::string> decided;
    /// What the command line and the state directory add to a config that was read.
    std::function<result<void>(config::loaded&)> settle;
    std::function<wall_ms()> now;
  };
  /// The way to the node.
  struct node_door {
    std::function<result<void>(std::shared_ptr<const config::loaded> next)> apply;
    /// After `state` tells of it as well.
    std::function<void(const config::loaded& before, const config::loaded& now,
                       const std::string& hash)>
        announce;
  };

  /// Writes of clients within `writes_period`; more are told to wait.
  static constexpr std::size_t writes_max = 30;
  static constexpr std::chrono::milliseconds writes_period{60'000};

  /// `first`: what the gateway starts with, read by `file` and settled.
  config_reloader(surroundings around, const config::load_outcome& file, config::loaded first);

  /// From here on changes reach the node.
  void attach(node_door node);
  /// Waits for a change on its way; after it none reaches the node.
  void detach();

  /// Reads the file again and does what follows.
  void reload();
  /// A change waits for a restart, and the config says that the gateway stops for it.
  bool wants_restart() const;
  /// The files to watch.
  std::vector<std::string> files() const;

  gateway::config_state state() const override;
  config::load_outcome read() const override;
  result<gateway::config_written> write(const gateway::config_write& wanted) override;

private:
  void take(config::load_outcome file);
  result<void> put_into_force(config::loaded next, const std::string& hash);
  void note(std::shared_ptr<const config::loaded> in_force, const std::string& hash,
            std::vector<std::string> pending);
  void refuse(const std::string& why);
  result<void> admit_write(const std::string& method);

  // Constant after construction.
  const surroundings around_;
  const config::loaded started_;

  mutable std::mutex turn_; ///< Held for a whole reload or write.
  // Guarded by `turn_`.
  node_door node_;
  config::loaded accepted_; ///< The last good file, as it was read and settled.
  std::deque<wall_ms> writes_;

  mutable std::mutex guard_; ///< Held for moments, inside `turn_` or alone.
  // Guarded by `guard_`.
  std::shared_ptr<const config::loaded> running_;
  gateway::config_state state_;
  bool wants_restart_ = false;
};

} // namespace troupe
