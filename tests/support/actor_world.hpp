#pragma once

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>
#include <caf/expected.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <utility>

namespace troupe::test {

struct world_config : caf::actor_system_config {
  world_config() { set("scheduler.policy", caf::atom("testing")); } // Before the system is built.
};

/// Actors on one thread with a clock that is moved by hand: every run is the same run.
struct actor_world {
  world_config config;
  caf::actor_system system{config};
  caf::scheduler::test_coordinator& scheduler =
      dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  caf::scoped_actor self{system};

  /// Lets all actors run until none has anything to do.
  void run() { scheduler.run(); }

  /// Moves the actors' clock, lets due timers fire, and runs.
  void advance(std::chrono::nanoseconds by) {
    scheduler.clock().advance_time(std::chrono::duration_cast<caf::timespan>(by));
    run();
  }

  /// Sends `request`, lets all actors run, and returns the reply or the error.
  template <class Reply, class Actor, class Request>
  caf::expected<Reply> ask(const Actor& actor, Request request) {
    caf::expected<Reply> reply{caf::sec::request_timeout};
    auto pending = self->request(actor, caf::infinite, std::move(request));
    run();
    pending.receive([&](Reply& value) { reply = std::move(value); },
                    [&](caf::error& reason) { reply = std::move(reason); });
    return reply;
  }

  /// Ends `actor` as a crash would, and lets its supervisor notice.
  template <class Actor>
  void kill(const Actor& actor) {
    self->send_exit(actor, caf::exit_reason::kill);
    run();
  }
};

} // namespace troupe::test
