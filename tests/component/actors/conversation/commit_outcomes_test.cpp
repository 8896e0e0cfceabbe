#include "persistence/tables/chunked_text.hpp"
#include "tests/support/long_text.hpp"
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
  CHECK(world.count(tables::busy_prefix()) == 0);
}

constexpr std::size_t long_bytes = 1u << 20;
constexpr std::size_t chunks_of_long_text = 16;
constexpr std::uint64_t batches_of_long_text = 6;

/// The text is there once, whole, and nothing else is left of the attempts to bring it.
void check_long_text(node_world& world, const std::string& run_id, const std::string& text) {
  for (const auto& message : world.transcript())
    if (message.run_id == run_id && message.role == message_role::user)
      CHECK((message.text == text));
  const auto id = tables::digest_of(world.key);
  CHECK(world.count(tables::chunk_prefix(id)) == chunks_of_long_text);
  CHECK(world.count(tables::unclaimed_key(id)) == 0);
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

TEST_CASE("conversation: every outcome of every proposal of a long input leaves it whole, once") {
  const auto text = long_text(long_bytes);
  for (const auto& fault : faults) {
    for (std::uint64_t nth = 1;; ++nth) {
      INFO(fault.name << " at proposal " << nth);
      node_world world;
      script_payment(world);
      world.log.answer(nth, fault.status, fault.of_unknown);

      REQUIRE(world.submit_until_accepted("r1", text));

      check_answered_once(world, "r1");
      check_long_text(world, "r1", text);
      CHECK(world.paid["call_1"] <= 1);
      if (world.log.proposals().size() < nth) {
        CHECK(nth == 5 + batches_of_long_text);
        break;
      }
    }
  }
}

TEST_CASE("conversation: every outcome of every proposal of a long input that waits") {
  const auto text = long_text(long_bytes);
  // The first run's batches, the long input's, and those with which it runs.
  constexpr std::uint64_t proposals = 1 + batches_of_long_text + 1 + 1 + 1;
  for (const auto& fault : faults) {
    for (std::uint64_t nth = 2;; ++nth) {
      INFO(fault.name << " at proposal " << nth);
      node_world world;
      const auto sound = world.provider.answer;
      world.provider.answer = [&](const std::string&) { return std::vector<std::string>{}; };
      REQUIRE(world.submit_until_accepted("r0"));
      world.log.answer(nth - 1, fault.status, fault.of_unknown);

      const auto receipt = world.submit_until_accepted("r1", text);
      world.provider.answer = sound;

      REQUIRE(receipt);
      REQUIRE(world.finished("r1"));
      check_answered_once(world, "r0");
      check_answered_once(world, "r1");
      check_long_text(world, "r1", text);
      if (world.log.proposals().size() < nth) {
        CHECK(nth == proposals + 1);
        break;
      }
    }
  }
}

TEST_CASE("conversation: a long input is told and asked for only when all of it is committed") {
  const auto text = long_text(long_bytes);
  node_world world;
  std::string asked;
  const auto sound = world.provider.answer;
  world.provider.answer = [&](const std::string& body) {
    asked = body;
    return sound(body);
  };
  world.log.complete(completion::manual);
  auto pending = world.self->request(world.router, caf::infinite, world.input("r1", text));
  world.run();
  for (std::uint64_t i = 0; i < batches_of_long_text + 1; ++i) {
    CHECK(world.events.empty());
    CHECK_FALSE(world.run_row("r1"));
    REQUIRE(world.log.finish_one());
    world.run();
  }
  pending.receive([](input_receipt& receipt) { CHECK(receipt.kind == receipt_kind::started); },
                  [](caf::error& failure) { FAIL(caf::to_string(failure)); });
  CHECK(asked.find(text) != std::string::npos);
  REQUIRE(world.log.finish_one());
  world.run();
  REQUIRE(world.seen<run_event::message_committed>().size() == 2);
  CHECK((world.seen<run_event::message_committed>()[0].row->text == text));
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
