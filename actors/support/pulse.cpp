#include "actors/support/pulse.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <utility>
#include <vector>

namespace troupe {

pulse::membership pulse::join(caf::actor_addr member) {
  const std::lock_guard guard{mutex_};
  const auto id = ++next_;
  members_.emplace(id, std::move(member));
  return {this, [owner = shared_from_this(), id](void*) {
            const std::lock_guard leaving{owner->mutex_};
            owner->members_.erase(id);
          }};
}

void pulse::beat() {
  // Told outside the lock: the last reference to an actor may end it, and it leaves then.
  std::vector<caf::actor> present;
  {
    const std::lock_guard guard{mutex_};
    present.reserve(members_.size());
    for (const auto& [id, member] : members_)
      if (auto strong = caf::actor_cast<caf::actor>(member))
        present.push_back(std::move(strong));
  }
  for (const auto& member : present)
    caf::anon_send(member, pulse_beat{});
}

caf::behavior pulse_actor(plain_self<pulse_state> self,
                          const std::shared_ptr<actor_registry>& registry, std::string path,
                          const std::shared_ptr<pulse>& beating) {
  self->state.place = self->observe(registry, std::move(path), "pulse");
  self->delayed_send(self, pulse_period, pulse_beat{});
  return {
      [self, beating](const pulse_beat&) {
        self->delayed_send(self, pulse_period, pulse_beat{});
        beating->beat();
      },
  };
}

} // namespace troupe
