#pragma once

#include "actors/gateway/config_control.hpp"
#include "actors/tool/tool.hpp"
#include "base/result.hpp"
#include "cluster/log/replicated_log.hpp"
#include "config/load.hpp"
#include "persistence/journal/journal.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace troupe {

/// The composition root of one replica: it makes every part, knows their order, and takes them down
/// in reverse. Nothing else in the program knows all of them.
class gateway_node {
public:
  /// What tests put between the parts. Empty functions: the product's own.
  struct seams {
    std::function<result<std::unique_ptr<journal>>(const std::string& directory)> open_journal;
    std::function<std::unique_ptr<replicated_log>(replicated_log& log)> decorate_log;
    std::function<void(tool_catalog& tools)> add_tools;
  };

  /// Opens the store, starts log, actors and port. Blocks until the port is bound (tens of ms).
  /// Errors: those of the store, the log and the port, each with its remedy.
  /// `control`: what the protocol's config methods go to; may be null.
  static result<std::unique_ptr<gateway_node>>
  start(config::loaded config, std::string version, const seams& between = {},
        std::shared_ptr<gateway::config_control> control = nullptr);
  ~gateway_node();

  /// The port really bound.
  std::uint16_t port() const;
  /// Blocks until all shards are led, at most `patience`. False: not yet.
  bool wait_ready(std::chrono::milliseconds patience) const;
  /// Puts `next` into force for new runs, requests and connections: providers, agents and settings
  /// change together. What needs a restart must be in `next` as it is in force
  /// (`config::keep_running`).
  /// Blocks on the disk. One call at a time, none once `stop` was called; any thread.
  /// Errors: `storage_failed` (a workspace cannot be made); then nothing changed.
  result<void> apply(std::shared_ptr<const config::loaded> next);
  /// Tells clients that `now` is in force instead of `before`; `hash` names its file. When the
  /// credentials differ, all clients must connect anew. As `apply` otherwise; does not block.
  void announce(const config::loaded& before, const config::loaded& now, const std::string& hash);
  /// An actor without which the node cannot work gave up: the process should stop.
  bool failed() const;

  /// Refuses new clients, lets runs finish for at most `patience` or until `hurry` says so, tells
  /// clients, and stops everything in order. Runs that are still open go on at the next start.
  /// False: everything is on disk, but an actor did not end; the process must leave by `_exit`.
  [[nodiscard]] bool stop(std::chrono::milliseconds patience, const std::function<bool()>& hurry);

private:
  struct parts;
  explicit gateway_node(std::unique_ptr<parts> made);
  std::unique_ptr<parts> parts_;
};

} // namespace troupe
