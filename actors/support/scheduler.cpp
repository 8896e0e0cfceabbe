#include "actors/support/scheduler.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/group.hpp>
#include <caf/policy/work_sharing.hpp>
#include <caf/scheduler/coordinator.hpp>

#include <utility>

namespace troupe {
namespace {

class sparing_coordinator final : public caf::scheduler::coordinator<caf::policy::work_sharing> {
public:
  using super = caf::scheduler::coordinator<caf::policy::work_sharing>;
  explicit sparing_coordinator(caf::actor_system& system) : super(system), clock_(super::clock()) {}

  caf::detail::thread_safe_actor_clock& clock() noexcept override { return clock_; }

private:
  sparing_clock clock_;
};

} // namespace

sparing_clock::shelf& sparing_clock::shelf_of(const caf::abstract_actor* self) {
  return shelves_[self->id() % shelves_.size()];
}

void sparing_clock::note(const caf::abstract_actor* self) {
  auto& in = shelf_of(self);
  const std::scoped_lock lock{in.guard};
  in.actors.insert(self);
}

void sparing_clock::set_ordinary_timeout(time_point due, caf::abstract_actor* self,
                                         caf::atom_value type, std::uint64_t id) {
  note(self);
  behind_.set_ordinary_timeout(due, self, type, id);
}

void sparing_clock::set_multi_timeout(time_point due, caf::abstract_actor* self,
                                      caf::atom_value type, std::uint64_t id) {
  note(self);
  behind_.set_multi_timeout(due, self, type, id);
}

void sparing_clock::set_request_timeout(time_point due, caf::abstract_actor* self,
                                        caf::message_id id) {
  note(self);
  behind_.set_request_timeout(due, self, id);
}

void sparing_clock::cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) {
  behind_.cancel_ordinary_timeout(self, type);
}

void sparing_clock::cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) {
  behind_.cancel_request_timeout(self, id);
}

void sparing_clock::cancel_timeouts(caf::abstract_actor* self) {
  {
    auto& in = shelf_of(self);
    const std::scoped_lock lock{in.guard};
    if (in.actors.erase(self) == 0)
      return;
  }
  behind_.cancel_timeouts(self);
}

void sparing_clock::schedule_message(time_point due, caf::strong_actor_ptr receiver,
                                     caf::mailbox_element_ptr content) {
  behind_.schedule_message(due, std::move(receiver), std::move(content));
}

void sparing_clock::schedule_message(time_point due, caf::group target,
                                     caf::strong_actor_ptr sender, caf::message content) {
  behind_.schedule_message(due, std::move(target), std::move(sender), std::move(content));
}

caf::actor_system::module* make_scheduler(caf::actor_system& system) {
  return new sparing_coordinator(system); // The system owns it, as CAF's factories have it.
}

} // namespace troupe
