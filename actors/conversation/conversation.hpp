#pragma once

#include "actors/bridge/commit_queue.hpp"
#include "actors/conversation/context.hpp"
#include "actors/conversation/conversation_logic.hpp"
#include "actors/conversation/run_messages.hpp"
#include "actors/support/observed.hpp"
#include "actors/support/reply.hpp"
#include "actors/support/restart_policy.hpp"

#include <caf/typed_actor.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// Shard → conversation: leave memory if nothing is in progress. The answer true is the actor's
/// last word; the shard holds new messages back until it comes.
struct passivate {};
/// Conversation → shard: idle for a while.
struct conversation_idle {
  std::string key;
};

// Timers of a conversation.
struct restart_run {
  std::uint64_t runs_started = 0;
  takeover_cause cause = takeover_cause::actor_failed;
};
struct stop_overdue {
  std::uint64_t runs_started = 0;
};
struct idle_check {};

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::passivate)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::conversation_idle)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::restart_run)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::stop_overdue)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::idle_check)

namespace troupe {

using conversation_actor =
    router_actor::extend<caf::reacts_to<proposal_settled>, caf::reacts_to<record_step>,
                         caf::reacts_to<close_run>, caf::reacts_to<restart_run>,
                         caf::reacts_to<stop_overdue>, caf::reacts_to<idle_check>,
                         caf::reacts_to<expire_session>, caf::replies_to<passivate>::with<bool>>;

/// Waits until the run that it has stopped has ended.
struct stopper {
  std::string run_id;
  answer<aborted_runs> told;
  aborted_runs stopped; ///< What it is told.
};

struct conversation_state {
  static constexpr const char* name = "conversation";

  // Constant after the start.
  registration place;
  conversation_context_ptr context;
  shard_place home;
  caf::actor_addr shard;
  std::string key;

  std::optional<conversation_logic> logic;
  commit_queue commits;
  bool sweep_failed = false;         ///< Rows that cannot be read: not tried again by this actor.
  caf::actor run;                    ///< The active run's actor.
  std::shared_ptr<void> run_counted; ///< Counts in `runs_active` while it lives.
  std::uint64_t runs_started = 0;
  std::optional<restart_policy> run_restarts;
  random_generator random{random_seed()};
  std::optional<stop_run> stopping; ///< The active run was told to stop, and may take `stop_grace`.
  std::multimap<std::string, answer<run_outcome>> waiters; ///< By run id.
  std::vector<stopper> stoppers;
  std::chrono::nanoseconds last_active{};
  bool idleness_watched = false; ///< A timer looks whether it may leave memory.
};

/// The one writer of a conversation's rows on the leader of its shard. Accepts inputs, queues them,
/// supervises the active run, and closes it. Every answer and event follows its commit.
///
/// Ends itself when a batch is not committed (`unavailable` to whoever waits): its rows decide, the
/// shard brings it back. A restart loses nothing that was acknowledged.
conversation_actor::behavior_type
conversation(typed_self<conversation_actor, conversation_state> self,
             conversation_context_ptr context, shard_place home, std::string key,
             std::string agent_id, takeover_cause cause, caf::actor_addr shard);

} // namespace troupe
