#include "actors/support/reply.hpp"
#include "actors/support/slot_gate.hpp"
#include "tests/support/actor_world.hpp"
#include "tests/support/manual_clock.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {
namespace {

struct gate_world : actor_world {
  manual_clock time;
  std::shared_ptr<actor_registry> registry = std::make_shared<actor_registry>(time);
  slot_gate_actor gate = system.spawn(slot_gate, registry, std::string{"/gate"},
                                      slot_gate_limits{.places = 1, .waiters_max = 2});
  ~gate_world() {
    self->send_exit(gate, caf::exit_reason::user_shutdown);
    gate = nullptr;
    run();
  }
};

} // namespace

TEST_CASE_METHOD(gate_world, "slot gate: the next in line goes when a place comes back") {
  auto first = ask<slot>(gate, take_slot{});
  REQUIRE(first);
  auto second = self->request(gate, caf::infinite, take_slot{});
  run();

  first->held.reset();
  run();

  bool granted = false;
  second.receive([&](slot& place) { granted = place.held != nullptr; }, [](caf::error&) {});
  CHECK(granted);
}

TEST_CASE_METHOD(gate_world, "slot gate: refuses when too many wait") {
  const auto held = ask<slot>(gate, take_slot{});
  REQUIRE(held);
  // They wait: their answers are not looked at.
  static_cast<void>(self->request(gate, caf::infinite, take_slot{}));
  static_cast<void>(self->request(gate, caf::infinite, take_slot{}));
  run();

  const auto fourth = ask<slot>(gate, take_slot{});

  REQUIRE_FALSE(fourth);
  CHECK(from_caf(fourth.error()).code == errc::overloaded);
}

} // namespace troupe::test
