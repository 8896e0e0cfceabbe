#pragma once

#include <caf/actor_system.hpp>
#include <caf/detail/thread_safe_actor_clock.hpp>

#include <array>
#include <cstddef>
#include <mutex>
#include <unordered_set>

/// CAF's scheduler for actors of which most live for one request.
///
/// CAF 0.17.6 tells its clock about the end of every actor, so that the clock forgets the actor's
/// timeouts: each time an allocation, a lock, a waking of the clock's thread, and, when its queue
/// of 64 is full, a wait for it. Hardly any of these actors ever had a timeout.
namespace troupe {

/// Stands before a clock and tells it the end of an actor only if the actor has set a timeout.
/// Outlived by `behind`. Thread: any.
class sparing_clock final : public caf::detail::thread_safe_actor_clock {
public:
  explicit sparing_clock(caf::actor_clock& behind) : behind_(behind) {}

  time_point now() const noexcept override { return behind_.now(); }
  duration_type difference(caf::atom_value measurement, long units, time_point from,
                           time_point to) const noexcept override {
    return behind_.difference(measurement, units, from, to);
  }
  void set_ordinary_timeout(time_point due, caf::abstract_actor* self, caf::atom_value type,
                            std::uint64_t id) override;
  void set_multi_timeout(time_point due, caf::abstract_actor* self, caf::atom_value type,
                         std::uint64_t id) override;
  void set_request_timeout(time_point due, caf::abstract_actor* self, caf::message_id id) override;
  void cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) override;
  void cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) override;
  void cancel_timeouts(caf::abstract_actor* self) override;
  void schedule_message(time_point due, caf::strong_actor_ptr receiver,
                        caf::mailbox_element_ptr content) override;
  void schedule_message(time_point due, caf::group target, caf::strong_actor_ptr sender,
                        caf::message content) override;
  void cancel_all() override { behind_.cancel_all(); }

private:
  /// Actors with timeouts; each leaves with its end, before its address can be another's.
  struct shelf {
    std::mutex guard;
    std::unordered_set<const caf::abstract_actor*> actors;
  };
  shelf& shelf_of(const caf::abstract_actor* self);
  void note(const caf::abstract_actor* self);

  caf::actor_clock& behind_;
  std::array<shelf, 16> shelves_;
};

/// The scheduler, for `actor_system_config::module_factories`. One queue for all workers, which
/// wake on work instead of polling for it: an idle gateway stays idle. Reads the config's
/// "scheduler.max-threads" and "scheduler.max-throughput".
caf::actor_system::module* make_scheduler(caf::actor_system& system);

} // namespace troupe
