#pragma once

#include "actors/support/credit.hpp"
#include "actors/support/observed.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace troupe {

/// Asks for one of the gate's places; answered when one is free, in the order of asking.
/// Errors: `overloaded` when too many wait already.
struct take_slot {};
/// The place: free again when the last copy of `held` goes, also when its holder crashes.
struct slot {
  credit held;
};
/// Internal: a place came back.
struct slot_freed {};

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::take_slot)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::slot)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::slot_freed)

namespace troupe {

using slot_gate_actor =
    caf::typed_actor<caf::replies_to<take_slot>::with<slot>, caf::reacts_to<slot_freed>>;

struct slot_gate_limits {
  std::uint32_t places = 1;
  std::size_t waiters_max = 10'000;
};

/// Lets at most `places` holders work at once: runs of a node, calls to a provider. A restart
/// forgets who waits (they see an error) and who holds (their slots no longer count).
struct slot_gate_state;
slot_gate_actor::behavior_type slot_gate(typed_self<slot_gate_actor, slot_gate_state> self,
                                         const std::shared_ptr<actor_registry>& registry,
                                         std::string path, slot_gate_limits limits);

struct slot_gate_state {
  static constexpr const char* name = "slot_gate";
  registration place;
  std::uint32_t taken = 0;
  std::deque<caf::typed_response_promise<slot>> waiters;
};

} // namespace troupe
