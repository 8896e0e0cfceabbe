#pragma once

#include "actors/node/shard.hpp"

#include <caf/typed_actor.hpp>

#include <map>
#include <vector>

namespace troupe {

/// Asks the router to end every conversation of this node; answered when all are gone.
struct stop_shards {};
/// To itself: the next shard looks for conversations that have expired.
struct expire_next_shard {};

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::stop_shards)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::expire_next_shard)

namespace troupe {

/// The router as the node sees it: the door to conversations, told of leadership.
using shard_router_actor =
    router_actor::extend<caf::reacts_to<shard_leading>, caf::reacts_to<shard_deposed>,
                         caf::replies_to<stop_shards>::with<bool>,
                         caf::reacts_to<expire_next_shard>>;

struct router_state {
  static constexpr const char* name = "router";
  registration place;
  conversation_context_ptr context;
  std::vector<shard_actor> shards;
  std::vector<epoch> terms; ///< As last told, for a shard actor that has to be replaced.
  restart_policy restarts{restart_limits{}};
  random_generator random{random_seed()};
  std::vector<answer<bool>> stopping;
  std::size_t shards_open = 0;
  std::size_t next_to_expire = 0;
};

/// Supervises one actor per shard and passes each request to the shard of its key. A shard's actor
/// that fails is replaced; when that happens too often the router quits, and with it the node.
shard_router_actor::behavior_type router(typed_self<shard_router_actor, router_state> self,
                                         conversation_context_ptr context);

} // namespace troupe
