#pragma once

#include "actors/bridge/blocking_pool.hpp"
#include "actors/conversation/conversation_logic.hpp"
#include "actors/messages.hpp"
#include "actors/model/model_access.hpp"
#include "actors/support/pulse.hpp"
#include "actors/support/registry.hpp"
#include "actors/support/slot_gate.hpp"
#include "actors/tool/tool.hpp"
#include "base/clock.hpp"
#include "base/live.hpp"
#include "cluster/log/replicated_log.hpp"
#include "config/load.hpp"

#include <atomic>
#include <cstdint>
#include <memory>

namespace troupe {

/// What conversations and their runs are given; lives as long as the node.
struct conversation_context {
  live<config::loaded> config; ///< In force; replaced by a reload, after `models`.
  replicated_log* log = nullptr;
  const clock* time = nullptr;
  std::shared_ptr<actor_registry> registry;
  event_sink_actor sink;
  live<model_access> models; ///< A run keeps what it began with.
  std::shared_ptr<const tool_catalog> tools;
  std::shared_ptr<blocking_pool> pool; ///< For tools.
  slot_gate_actor runs;                ///< Runs in flight on this node.
  std::shared_ptr<pulse> beat;         ///< For limits of runs.
  boot_facts boot;
  /// Runs between their start and the commit that closes them: what a stop may wait for.
  std::shared_ptr<std::atomic<std::uint32_t>> runs_active;
};
using conversation_context_ptr = std::shared_ptr<const conversation_context>;

/// Where a conversation lives: its shard as led in one epoch.
struct shard_place {
  shard_id shard;
  epoch term;
  std::string path; ///< "/shard/7"
};

/// Whether this node may still act for the shard (architecture 6.3). Looked at before every
/// external byte, tool start, answer and event.
inline bool may_act(const conversation_context& context, const shard_place& place) {
  return context.log->lease(place.shard).valid(place.term, context.time->now_boot());
}

} // namespace troupe
