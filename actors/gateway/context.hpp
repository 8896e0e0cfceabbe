#pragma once

#include "actors/bridge/blocking_pool.hpp"
#include "actors/gateway/config_control.hpp"
#include "actors/messages.hpp"
#include "actors/support/credit.hpp"
#include "actors/support/registry.hpp"
#include "actors/tool/tool.hpp"
#include "base/clock.hpp"
#include "base/live.hpp"
#include "cluster/log/replicated_log.hpp"
#include "config/load.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace troupe {

/// What the probes tell. Written by the node, read by requests. Thread: any.
struct node_status {
  std::atomic<bool> started{false};         ///< `/startupz`: all shards were led once.
  std::atomic<bool> draining{false};        ///< Stopping: not ready, new clients refused.
  std::atomic<std::uint32_t> shards_led{0}; ///< Of `replicated_log::shards()` + meta.
  std::atomic<std::uint32_t> runs_active{0};
  std::atomic<std::uint32_t> clients{0};
};

/// What the gateway's actors are given; lives as long as the node.
struct gateway_context {
  live<config::loaded> config; ///< In force; replaced by a reload.
  /// Writes and reloads it; null: neither happens here.
  std::shared_ptr<gateway::config_control> config_control;
  const clock* time = nullptr;
  replicated_log* log = nullptr; ///< Rows for reading, pressure, shard_of.
  router_actor router;           ///< The door to conversations.
  std::shared_ptr<actor_registry> registry;
  std::shared_ptr<node_status> status;
  std::shared_ptr<credit_pool> inputs; ///< Inputs between a front and their conversations' commits.
  std::shared_ptr<blocking_pool> pool; ///< For reading files and for tools.
  std::shared_ptr<const tool_catalog> tools;  ///< That callers of the HTTP API may invoke.
  std::string version;                        ///< Ours: "0.1.0".
  std::chrono::nanoseconds process_started{}; ///< On `time->now_boot()`.
  unsigned shards_total = 0;                  ///< Shards + meta, for readiness.
};
using gateway_context_ptr = std::shared_ptr<const gateway_context>;

} // namespace troupe
