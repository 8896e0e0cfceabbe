#include "actors/support/observed.hpp"
#include "tests/support/actor_world.hpp"
#include "tests/support/manual_clock.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <catch2/catch.hpp>

#include <stdexcept>

namespace {
struct work {};
struct fail {};
} // namespace
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(work)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(fail)

namespace troupe::test {
namespace {

struct worker_state {
  static constexpr const char* name = "worker";
  registration place;
};

caf::behavior worker(plain_self<worker_state> self, std::shared_ptr<actor_registry> registry) {
  self->state.place = self->observe(registry, "/worker", "worker");
  return {[](const work&) {}, [](const fail&) { throw std::runtime_error{"planted"}; }};
}

struct child_state {
  static constexpr const char* name = "child";
};

/// Ends with the first `work`, fails with `fail`.
caf::behavior child(plain_self<child_state> self, const caf::actor& parent) {
  self->watch_elder(parent);
  self->set_down_handler([self](const caf::down_msg&) { self->quit(); });
  return {[self](const work&) { self->quit(); },
          [](const fail&) { throw std::runtime_error{"planted"}; }};
}

struct observed_world : actor_world {
  manual_clock time;
  std::shared_ptr<actor_registry> registry = std::make_shared<actor_registry>(time);
  caf::actor subject = system.spawn(worker, registry);
  observed_world() { run(); }
  ~observed_world() {
    self->send_exit(subject, caf::exit_reason::user_shutdown);
    subject = nullptr;
    run();
  }
};

} // namespace

TEST_CASE_METHOD(observed_world, "observed: counts what waits and what was handled") {
  for (int i = 0; i < 5; ++i)
    self->send(subject, work{});
  CHECK(registry->list()[0].inbox == 5);
  run();
  const auto row = registry->list()[0];
  CHECK(row.inbox == 0);
  CHECK(row.handled == 5);
}

TEST_CASE_METHOD(observed_world, "observed: an actor that ends leaves nothing with its elder") {
  const auto ends_with = [this](auto message) {
    auto begun = system.spawn(child, subject);
    run();
    const caf::actor_addr address = begun.address();
    self->send(begun, message);
    begun = nullptr;
    run();
    // Ours alone: what else holds an address keeps the memory of the whole actor.
    CHECK(address.get()->strong_refs == 0);
    CHECK(address.get()->weak_refs == 1);
  };
  SECTION("in order") {
    ends_with(work{});
  }
  SECTION("by failing") {
    ends_with(fail{});
  }
}

TEST_CASE_METHOD(observed_world, "observed: an actor hears of its elder's end") {
  const auto begun = system.spawn(child, subject);
  bool ended = false;
  begun->attach_functor([&ended] { ended = true; });
  run();
  CHECK_FALSE(ended);
  kill(subject);
  CHECK(ended);
}

TEST_CASE_METHOD(observed_world, "observed: a message without a handler is counted, not fatal") {
  self->send(subject, 42);
  run();
  REQUIRE(registry->size() == 1);
  CHECK(registry->list()[0].failures == 1);
}

TEST_CASE_METHOD(observed_world, "observed: an exception ends this actor and frees its place") {
  self->send(subject, fail{});
  run();
  CHECK(registry->size() == 0);
}

} // namespace troupe::test
