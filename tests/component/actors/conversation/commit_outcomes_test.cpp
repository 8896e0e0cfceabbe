#include "tests/support/node_world.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

/// Architecture section 6: whatever the log answers, and whenever, an input is answered exactly
/// once and a `once` effect happens at most once.
namespace troupe::test {
namespace {

using tables::message_role;
using tables::run_status;

/// Asks for `pay` after a user message, and answers its result.
void script_payment(node_world& world) {
  world.provider.answer = [](const std::string& body) -> std::vector<std::string> {
    if (body.rfind(R"("role":"tool")") == std::string::npos)
      return {
          R"({"id":"x","choices":[{"delta":{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"pay","arguments":"{}"}}]}}]})",
          R"({"id":"x","choices":[{"delta":{},"finish_reason":"tool_calls"}]})"};
    return {R"({"id":"x","choices":[{"delta":{"content":"done"}}]})",
            R"({"id":"x","choices":[{"delta":{},"finish_reason":"stop"}]})"};
  };
}

struct fault {
  const char* name;
  proposal_status status;
  fate of_unknown;
};
constexpr fault faults[] = {
    {"not_leader", proposal_status::not_leader, fate::lost},
    {"unknown and lost", proposal_status::unknown, fate::lost},
    {"unknown and kept", proposal_status::unknown, fate::kept},
};

/// What must hold once the run is finished.
void check_answered_once(node_world& world, const std::string& run_id) {
  const auto row = world.finished(run_id);
  REQUIRE(row);
  CHECK(row->status == run_status::ok);
  const auto rows = world.transcript();
  const auto count = [&](auto matches) { return std::ranges::count_if(rows, matches); };
  CHECK(count([&](const auto& message) {
          return message.run_id == run_id && message.role == message_role::user;
        }) == 1);
  CHECK(count([&](const auto& message) {
          return message.run_id == run_id && message.role == message_role::assistant &&
                 message.stop_reason == "stop";
        }) == 1);
  CHECK(world.log.rows()
            .snapshot()
            ->scan(world.shard(), tables::busy_prefix(), {}, scan_order::ascending,
                   [](std::string_view, std::string_view) {
                     FAIL("a finished conversation is still marked as busy");
                     return scan_step::stop;
                   })
            .has_value());
}

} // namespace

TEST_CASE("conversation: every outcome of every proposal leaves one answer and one payment") {
  // A turn with a `once` tool has four batches; the loop ends where the fault is not reached.
  for (const auto& fault : faults) {
    for (std::uint64_t nth = 1;; ++nth) {
      INFO(fault.name << " at proposal " << nth);
      node_world world;
      script_payment(world);
      world.log.answer(nth, fault.status, fault.of_unknown);

      const auto receipt = world.submit_until_accepted("r1");

      REQUIRE(receipt);
      CHECK(receipt->run_id == "r1");
      check_answered_once(world, "r1");
      CHECK(world.paid["call_1"] <= 1);
      const auto reached = world.log.proposals().size() >= nth;
      if (!reached) {
        CHECK(nth == 5);
        break;
      }
    }
  }
}

TEST_CASE("conversation: a new leader at every proposal goes on with what was acknowledged") {
  for (std::uint64_t nth = 1; nth <= 5; ++nth) {
    INFO("deposed at proposal " << nth);
    node_world world;
    script_payment(world);
    world.log.complete(completion::manual);
    // The client's answer is asked for later: here it may still be on its way.
    auto pending = world.self->request(world.router, caf::infinite, world.input("r1"));
    world.run();
    for (std::uint64_t i = 1; i < nth && world.log.finish_one(); ++i)
      world.run();
    world.depose();
    world.log.complete(completion::at_once);
    world.lead(epoch{2});
    bool acknowledged = false;
    world.run();
    pending.receive([&](input_receipt&) { acknowledged = true; }, [](caf::error&) {});
    CHECK(acknowledged == (nth > 1));

    REQUIRE(world.submit_until_accepted("r1"));
    check_answered_once(world, "r1");
    CHECK(world.paid["call_1"] <= 1);
    if (const auto row = world.run_row("r1"); nth > 1)
      CHECK(row->crashes == 0);
  }
}

TEST_CASE("conversation: nothing is told, asked or run before its commit") {
  node_world world;
  script_payment(world);
  world.log.complete(completion::manual);
  auto pending = world.self->request(world.router, caf::infinite, world.input("r1"));
  world.run();
  CHECK(world.events.empty());
  CHECK(world.provider.calls == 0);

  REQUIRE(world.log.finish_one()); // Input and run.
  world.run();
  CHECK(world.provider.calls == 1);
  CHECK(world.paid.empty());

  REQUIRE(world.log.finish_one()); // The assistant's message and the intent.
  world.run();
  CHECK(world.paid["call_1"] == 1);
  CHECK(world.provider.calls == 1);

  REQUIRE(world.log.finish_one()); // The outcome of a `once` call.
  world.run();
  CHECK(world.provider.calls == 2);
  CHECK(world.seen<run_event::finished>().empty());

  REQUIRE(world.log.finish_one()); // The last batch.
  world.run();
  CHECK(world.seen<run_event::finished>().size() == 1);
  pending.receive([](input_receipt& receipt) { CHECK(receipt.kind == receipt_kind::started); },
                  [](caf::error& failure) { FAIL(caf::to_string(failure)); });
}

} // namespace troupe::test
