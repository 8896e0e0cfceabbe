#include "actors/support/slot_gate.hpp"

#include "actors/support/reply.hpp"

#include <caf/send.hpp>

namespace troupe {
namespace {

using self_pointer = typed_self<slot_gate_actor, slot_gate_state>;

slot hand_out(self_pointer self) {
  ++self->state.taken;
  // Weak: a slot that outlives its gate must not keep it alive.
  return {credit{self, [gate = caf::actor_addr{self->address()}](void*) {
                   if (auto strong = caf::actor_cast<slot_gate_actor>(gate))
                     caf::anon_send(strong, slot_freed{});
                 }}};
}

} // namespace

slot_gate_actor::behavior_type slot_gate(self_pointer self,
                                         const std::shared_ptr<actor_registry>& registry,
                                         std::string path, slot_gate_limits limits) {
  self->state.place = self->observe(registry, std::move(path), "slot_gate");
  return {
      [self, limits](const take_slot&) -> caf::result<slot> {
        if (self->state.taken < limits.places)
          return hand_out(self);
        if (self->state.waiters.size() >= limits.waiters_max)
          return to_caf({errc::overloaded, "too many wait for a free place already"});
        self->state.waiters.push_back(self->make_response_promise<slot>());
        return self->state.waiters.back();
      },
      [self](const slot_freed&) {
        --self->state.taken;
        if (self->state.waiters.empty())
          return;
        auto next = std::move(self->state.waiters.front());
        self->state.waiters.pop_front();
        next.deliver(hand_out(self));
      },
  };
}

} // namespace troupe
