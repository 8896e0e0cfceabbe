#include "actors/support/observed.hpp"
#include "actors/support/scheduler.hpp"
#include "base/poll.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <vector>

namespace {
struct never_answered {};
struct later {};
struct end_yourself {};
} // namespace
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(never_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(later)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(end_yourself)

namespace troupe::test {
namespace {

using namespace std::chrono_literals;

/// Counts what it is told.
struct counting_clock final : caf::detail::simple_actor_clock {
  unsigned set = 0;
  unsigned ended = 0;
  void set_request_timeout(time_point, caf::abstract_actor*, caf::message_id) override { ++set; }
  void cancel_timeouts(caf::abstract_actor*) override { ++ended; }
};

struct system_config : caf::actor_system_config {
  system_config() {
    set("scheduler.max-threads", std::size_t{2});
    module_factories.emplace_back(make_scheduler);
  }
};

struct scheduler_world {
  system_config config;
  caf::actor_system system{config};
  std::shared_ptr<std::atomic<unsigned>> heard = std::make_shared<std::atomic<unsigned>>(0);

  bool hears(unsigned count) const {
    return poll_until(10s, [&] { return heard->load() == count; });
  }
};

using counter = std::shared_ptr<std::atomic<unsigned>>;

/// Keeps what it promises to answer.
caf::behavior silent(caf::event_based_actor* self, const counter&) {
  auto kept = std::make_shared<std::vector<caf::typed_response_promise<int>>>();
  return {[self, kept](const never_answered&) {
    kept->push_back(self->make_response_promise<int>());
    return kept->back();
  }};
}

/// Asks with a deadline; counts the error and ends.
caf::behavior asks(caf::event_based_actor* self, const caf::actor& whom,
                   std::chrono::milliseconds patience, const counter& errors) {
  self->request(whom, patience, never_answered{})
      .then([](int) {},
            [self, errors](const caf::error& failure) {
              if (failure == caf::sec::request_timeout)
                ++*errors;
              self->quit();
            });
  return {[self](const end_yourself&) { self->quit(); }};
}

caf::behavior waits(caf::event_based_actor* self, const counter& told) {
  self->delayed_send(self, 1ms, later{});
  return {[self, told](const later&) {
    ++*told;
    self->quit();
  }};
}

} // namespace

TEST_CASE_METHOD(scheduler_world, "scheduler: the clock hears of the end of actors with timeouts") {
  counting_clock behind;
  sparing_clock clock{behind};
  const auto some = system.spawn(silent, heard);
  const auto other = system.spawn(silent, heard);
  auto* const first = caf::actor_cast<caf::abstract_actor*>(some);
  auto* const second = caf::actor_cast<caf::abstract_actor*>(other);

  clock.cancel_timeouts(first);
  CHECK(behind.ended == 0);
  clock.set_request_timeout({}, first, caf::make_message_id(1));
  clock.set_request_timeout({}, first, caf::make_message_id(2));
  CHECK(behind.set == 2);
  clock.cancel_timeouts(second);
  CHECK(behind.ended == 0);
  clock.cancel_timeouts(first);
  CHECK(behind.ended == 1);
  clock.cancel_timeouts(first);
  CHECK(behind.ended == 1);
  caf::anon_send_exit(some, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(other, caf::exit_reason::user_shutdown);
}

TEST_CASE_METHOD(scheduler_world, "scheduler: requests have their deadlines, messages their time") {
  const auto whom = system.spawn(silent, heard);
  system.spawn(asks, whom, 1ms, heard);
  CHECK(hears(1));
  system.spawn(waits, heard);
  CHECK(hears(2));
  caf::anon_send_exit(whom, caf::exit_reason::user_shutdown);
}

TEST_CASE_METHOD(scheduler_world, "scheduler: a long deadline does not keep an actor that ended") {
  const auto whom = system.spawn(silent, heard);
  auto asker = system.spawn(asks, whom, std::chrono::milliseconds{1h}, heard);
  const auto address = caf::actor_cast<caf::actor_addr>(asker);
  caf::anon_send(asker, end_yourself{});
  asker = nullptr;
  caf::anon_send_exit(whom, caf::exit_reason::user_shutdown); // Its promise knows the asker.
  CHECK(poll_until(10s, [&] { return !caf::actor_cast<caf::actor>(address); }));
}

} // namespace troupe::test
