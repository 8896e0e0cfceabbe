#include "actors/support/observed.hpp"
#include "actors/support/reply.hpp"
#include "tests/support/actor_world.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>
#include <catch2/catch.hpp>

#include <memory>
#include <optional>

namespace {
struct question {};
struct leave {};
} // namespace
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leave)

namespace troupe::test {
namespace {

using asked = caf::typed_actor<caf::replies_to<question>::with<int>, caf::reacts_to<leave>>;
struct asked_state {
  static constexpr const char* name = "asked";
  std::optional<answer<int>> open;
};

/// `questions` counts the questions. (CAF 0.17.6 spawns a function without arguments through a
/// reference to nothing, which UBSan refuses.)
asked::behavior_type keeps_waiting(typed_self<asked, asked_state> self,
                                   std::shared_ptr<int> questions) {
  return {
      [self, questions](const question&) {
        ++*questions;
        self->state.open.emplace(self);
        return self->state.open->later();
      },
      [self](const leave&) { self->quit(); },
  };
}

} // namespace

TEST_CASE("errors: survive the way through CAF with code and detail") {
  const auto back = from_caf(to_caf({errc::storage_full, "no room on the disk"}));
  CHECK(back.code == errc::storage_full);
  CHECK(back.detail == "no room on the disk");
  CHECK(from_caf(caf::sec::request_timeout).code == errc::timeout);
  CHECK(from_caf(caf::sec::request_receiver_down).code == errc::unavailable);
  CHECK(from_caf(caf::sec::runtime_error).code == errc::internal);
}

TEST_CASE_METHOD(actor_world, "answer: an actor that ends answers what it still owes") {
  const auto questions = std::make_shared<int>(0);
  auto subject = system.spawn(keeps_waiting, questions);
  auto pending = self->request(subject, caf::infinite, question{});
  run();
  REQUIRE(*questions == 1);
  self->send(subject, leave{});
  run();
  pending.receive([](int) { FAIL("nobody answered"); },
                  [](caf::error& failure) { CHECK(from_caf(failure).code == errc::unavailable); });
}

} // namespace troupe::test
