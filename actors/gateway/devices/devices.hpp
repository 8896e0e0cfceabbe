#pragma once

#include "actors/gateway/devices/messages.hpp"
#include "actors/gateway/messages.hpp"
#include "actors/gateway/shared.hpp"
#include "actors/support/observed.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

namespace troupe::gateway {

struct devices_state {
  static constexpr const char* name = "devices";

  /// One write that waits for its turn. `run` decides on top of what was decided before it in the
  /// same turn, and gives what to do when that is committed.
  struct waiting {
    std::function<std::function<void()>(device_ledger&, bool room)> run;
    std::function<void(const error&)> refuse;
  };

  gateway_shared_ptr shared;
  front_actor front;
  registration place;
  std::deque<waiting> queue;

  // The turn that is being committed; empty: none.
  std::uint64_t turn = 0;
  epoch turn_term;
  bool committing = false;
  std::vector<std::function<void()>> done;
  std::vector<std::function<void(const error&)>> undone;
  device_news news;

  epoch distrusted; ///< In this term a batch had no known outcome: nothing is decided in it.
  monotonic_stamp stamp;
};
using devices_self = typed_self<devices_actor, devices_state>;

/// The one writer of the rows of devices, on the node that leads `meta`. Decides for all that wait
/// at once, commits one batch, and only then answers, tells `front`, and has connections closed.
///
/// It keeps nothing but what waits: every turn reads the rows. After a batch whose outcome is not
/// known it refuses to decide until the group is led in a new term, because that batch may still be
/// applied behind the next one.
devices_actor::behavior_type devices(devices_self self, gateway_shared_ptr shared,
                                     front_actor front);

} // namespace troupe::gateway
