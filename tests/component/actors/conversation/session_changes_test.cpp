#include "actors/support/reply.hpp"
#include "tests/support/node_world.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

/// Commands, sessions.patch and sessions.compact, from the router to the rows and the events.
namespace troupe::test {
namespace {

struct changed_world : node_world {
  submit_input command(const std::string& run_id, const std::string& resets,
                       const std::string& reply) const {
    auto wanted = input(run_id, "/command");
    wanted.command = input_command{.resets = resets, .model = {}, .reply = reply};
    return wanted;
  }
  void turn(const std::string& run_id) {
    REQUIRE(submit_until_accepted(run_id));
    REQUIRE(finished(run_id));
  }
  /// "send agent.input.settled/end compact:start " since the last call.
  std::string told() {
    std::string out;
    for (const auto& event : session_events) {
      out += event.reason + (event.phase.empty() ? "" : "/" + event.phase);
      if (!event.operation_id.empty())
        out += event.operation_ended ? ":end" : ":start";
      out += " ";
    }
    session_events.clear();
    return out;
  }
  std::string session_id() {
    auto bytes =
        log.rows().snapshot()->get(shard(), tables::conversation_key(tables::digest_of(key)));
    REQUIRE((bytes && bytes.value()));
    return tables::decode_conversation(*bytes.value()).value().session_id;
  }
};

} // namespace

TEST_CASE_METHOD(changed_world, "command: is answered without a model, and told when committed") {
  auto unknown = ask<run_outcome>(router, await_run{key, "c1"});
  CHECK_FALSE(unknown);

  const auto receipt = submit_until_accepted(command("c1", {}, "all is well"));

  REQUIRE(receipt);
  CHECK(receipt->kind == receipt_kind::started);
  CHECK(provider.calls == 0);
  CHECK(seen<run_event::message_committed>().size() == 2);
  REQUIRE(seen<run_event::finished>().size() == 1);
  CHECK(seen<run_event::finished>()[0].outcome->text == "all is well");
  CHECK(told() == "send participants agent.input.settled/end ");
  const auto outcome = ask<run_outcome>(router, await_run{key, "c1"});
  REQUIRE(outcome);
  CHECK(outcome->text == "all is well");
  const auto again = submit_until_accepted(command("c1", {}, "something else"));
  REQUIRE(again);
  CHECK(again->kind == receipt_kind::finished);
  CHECK(again->outcome->text == "all is well");
  CHECK(transcript().size() == 2);
}

TEST_CASE("command: every outcome of its proposal leaves a reset done once") {
  for (const auto status : {proposal_status::not_leader, proposal_status::unknown})
    for (const auto kept : {fate::lost, fate::kept}) {
      changed_world world;
      world.turn("r1");
      const auto before = world.session_id();
      world.log.answer(1, status, kept);

      REQUIRE(world.submit_until_accepted(world.command("c1", "new", "done")));
      const auto after = world.session_id();
      CHECK(after != before);
      CHECK(world.transcript().size() == 4);

      REQUIRE(world.submit_until_accepted(world.command("c1", "new", "done")));
      CHECK(world.session_id() == after);
      CHECK(world.transcript().size() == 4);
    }
}

TEST_CASE_METHOD(changed_world, "command: what follows it is asked without it") {
  std::string asked;
  provider.answer = [&, sound = provider.answer](const std::string& body) {
    asked = body;
    return sound(body);
  };
  REQUIRE(submit_until_accepted(command("c1", {}, "the answer of a command")));
  turn("r1");
  CHECK(asked.find("hello") != std::string::npos);
  CHECK(asked.find("/command") == std::string::npos);
  CHECK(asked.find("the answer of a command") == std::string::npos);
}

TEST_CASE_METHOD(changed_world, "patch: is written, answered and told") {
  turn("r1");
  told();
  patch_session wanted;
  wanted.key = key;
  wanted.label = "mine";
  const auto written = ask<session_written>(router, wanted);
  REQUIRE(written);
  CHECK(written->row.label == "mine");
  CHECK(told() == "patch ");
  wanted.pinned = false; // As they are already: nothing to tell.
  REQUIRE(ask<session_written>(router, wanted));
  CHECK(told().empty());
}

TEST_CASE_METHOD(changed_world, "compact: is committed, answered and told as an operation") {
  turn("r1");
  turn("r2");
  told();
  const auto done = ask<session_compacted>(router, compact_session{key, 2});
  REQUIRE(done);
  CHECK(done->compacted);
  CHECK(done->kept == 2);
  REQUIRE(session_events.size() == 2);
  CHECK(session_events[0].operation_id == session_events[1].operation_id);
  CHECK(session_events[1].operation_completed);
  CHECK(told() == ":start compact:end ");
  const auto again = ask<session_compacted>(router, compact_session{key, 2});
  REQUIRE(again);
  CHECK_FALSE(again->compacted);
  CHECK(told() == ":start :end ");
  const auto summary = ask<session_compacted>(router, compact_session{key, 0});
  REQUIRE(summary);
  CHECK_FALSE(summary->compacted);
  CHECK(summary->reason.find("maxLines") != std::string::npos);
  CHECK(told() == ":start :end ");
}

TEST_CASE_METHOD(changed_world, "compact: a lost commit is no compaction") {
  turn("r1");
  turn("r2");
  log.answer(1, proposal_status::unknown, fate::lost);
  const auto lost = ask<session_compacted>(router, compact_session{key, 2});
  REQUIRE_FALSE(lost);
  CHECK(from_caf(lost.error()).code == errc::unavailable);
  pass(std::chrono::milliseconds{50});
  const auto done = ask<session_compacted>(router, compact_session{key, 2});
  REQUIRE(done);
  CHECK(done->compacted);
}

} // namespace troupe::test
