#pragma once

#include "actors/conversation/conversation.hpp"
#include "actors/messages.hpp"
#include "actors/support/observed.hpp"
#include "actors/support/restart_policy.hpp"

#include <caf/typed_actor.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace troupe {

/// Log → router → shard: this node leads the shard in `term`; its rows are complete.
struct shard_leading {
  shard_id shard;
  epoch term;
};
/// This node does not lead the shard any more: every actor of it goes.
struct shard_deposed {
  shard_id shard;
  epoch term;
};
/// Internal: a busy conversation comes back after its pause.
struct revive_conversation {
  std::string key;
  takeover_cause cause = takeover_cause::planned;
};

/// Router → shard: look for conversations whose time has come.
struct expire_conversations {};

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::expire_conversations)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::shard_leading)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::shard_deposed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::revive_conversation)

namespace troupe {

using shard_actor =
    router_actor::extend<caf::reacts_to<shard_leading>, caf::reacts_to<shard_deposed>,
                         caf::reacts_to<conversation_idle>, caf::reacts_to<revive_conversation>,
                         caf::reacts_to<expire_conversations>>;

struct shard_state {
  static constexpr const char* name = "shard";
  struct child {
    conversation_actor actor;
    bool leaving = false;                                             ///< Asked to passivate.
    std::vector<std::function<void(const conversation_actor&)>> held; ///< Until it has answered.
    restart_policy restarts{restart_limits{}};
  };
  registration place;
  conversation_context_ptr context;
  shard_place home; ///< term 0: not led.
  std::map<std::string, child, std::less<>> conversations;
  std::map<caf::actor_id, std::string> by_actor; ///< Which conversation an actor is.
  random_generator random{random_seed()};
};

/// Supervises the conversations of one shard while this node leads it: starts them when a message
/// comes, brings those with open runs back after a crash or a change of leader, and lets idle ones
/// go. `cause`: why conversations with open runs are taken up when the shard is led.
shard_actor::behavior_type shard(typed_self<shard_actor, shard_state> self,
                                 conversation_context_ptr context, shard_id id,
                                 takeover_cause cause);

/// The agent of a canonical key "agent:<id>:<rest>"; other keys belong to `otherwise`.
std::string agent_of_key(std::string_view key, const std::string& otherwise);

} // namespace troupe
