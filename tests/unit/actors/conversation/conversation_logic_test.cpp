#include "actors/conversation/conversation_logic.hpp"
#include "actors/conversation/limits.hpp"
#include "tests/support/conversation_world.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {

using tables::run_state;
using tables::run_status;

TEST_CASE_METHOD(conversation_world, "conversation: an input and its run are one batch") {
  const auto decided = submit("r1");

  REQUIRE(decided);
  CHECK(decided.value().receipt.kind == receipt_kind::started);
  CHECK(decided.value().start_run);
  CHECK(log.proposals().size() == 1);
  CHECK(run("r1")->state == run_state::open);
  CHECK(run("r1")->attempt == 1);
  REQUIRE(transcript().size() == 1);
  CHECK(transcript()[0].text == "hello");
  CHECK(transcript()[0].run_id == "r1");
  CHECK(count(tables::busy_prefix()) == 1);
}

TEST_CASE_METHOD(conversation_world, "conversation: a repeated key never runs twice") {
  REQUIRE(submit("r1"));

  SECTION("while it runs") {
    const auto again = submit("r1");
    REQUIRE(again);
    CHECK(again.value().receipt.kind == receipt_kind::in_flight);
    CHECK(again.value().batch.empty());
  }
  SECTION("while it waits") {
    REQUIRE(submit("r2"));
    const auto again = submit("r2");
    REQUIRE(again);
    CHECK(again.value().receipt.kind == receipt_kind::in_flight);
    CHECK(logic.queue().size() == 1);
  }
  SECTION("when it is finished") {
    close();
    const auto again = submit("r1");
    REQUIRE(again);
    CHECK(again.value().receipt.kind == receipt_kind::finished);
    CHECK(transcript().size() == 2);
  }
  SECTION("after a crash and a restart") {
    close();
    crash();
    const auto again = submit("r1");
    REQUIRE(again);
    CHECK(again.value().receipt.kind == receipt_kind::finished);
  }
}

TEST_CASE_METHOD(conversation_world,
                 "conversation: inputs queue in order, to the cap and no further") {
  REQUIRE(submit("r0"));
  for (int i = 1; i <= 20; ++i)
    REQUIRE(submit("r" + std::to_string(i)));

  const auto over = submit("r21");

  REQUIRE_FALSE(over);
  CHECK(over.error().code == errc::overloaded);
  CHECK_FALSE(run("r21"));
  for (int i = 1; i <= 20; ++i) {
    const auto decided = close();
    CHECK(decided.start_run);
    CHECK(logic.active()->run_id == "r" + std::to_string(i));
  }
  close();
  CHECK_FALSE(logic.active());
  CHECK(count(tables::busy_prefix()) == 0);
  CHECK(count(tables::input_prefix(logic.id())) == 0);
}

TEST_CASE_METHOD(conversation_world,
                 "conversation: a cap that changed holds for what comes from then on") {
  REQUIRE(submit("r0"));
  REQUIRE(submit("r1"));
  REQUIRE(submit("r2"));

  logic.limit_queue({.cap = 1});
  CHECK_FALSE(submit("r3"));
  CHECK(close().start_run); // What waits already stays.
  CHECK(logic.active()->run_id == "r1");
  logic.limit_queue({.cap = 2});
  CHECK(submit("r3"));
}

TEST_CASE_METHOD(conversation_world,
                 "conversation: closing a run begins the next in the same batch") {
  REQUIRE(submit("r1"));
  REQUIRE(submit("r2", "second"));
  const auto before = log.proposals().size();

  const auto decided = close("first answer");

  CHECK(log.proposals().size() == before + 1);
  CHECK(decided.outcome->run_id == "r1");
  CHECK(run("r1")->state == run_state::closed);
  CHECK(run("r2")->state == run_state::open);
  const auto rows = transcript();
  REQUIRE(rows.size() == 3);
  CHECK(rows[1].text == "first answer");
  CHECK(rows[2].text == "second");
  CHECK(run("r1")->final_seq == 2);
}

TEST_CASE_METHOD(conversation_world, "conversation: what is queued survives a crash") {
  REQUIRE(submit("r1"));
  REQUIRE(submit("r2"));

  crash();

  REQUIRE(logic.active());
  CHECK(logic.active()->run_id == "r1");
  REQUIRE(logic.queue().size() == 1);
  CHECK(logic.queue().front().run_id == "r2");
}

TEST_CASE_METHOD(conversation_world, "conversation: each taking up commits one more attempt") {
  REQUIRE(submit("r1"));

  crash();
  commit(logic.take_over(takeover_cause::new_leader, facts, now));

  CHECK(run("r1")->attempt == 2);
  CHECK(run("r1")->crashes == 1);
  CHECK(run("r1")->attempt_boot == 2);
}

TEST_CASE_METHOD(conversation_world, "conversation: an orderly stop is no crash") {
  REQUIRE(submit("r1"));
  for (int i = 0; i < 10; ++i) {
    restart();
    const auto decided = logic.take_over(takeover_cause::new_leader, facts, now);
    CHECK(decided.start_run);
    commit(decided.batch);
  }
  CHECK(run("r1")->attempt == 11);
  CHECK(run("r1")->crashes == 0);
}

TEST_CASE_METHOD(conversation_world,
                 "conversation: the third crash without a step quarantines it") {
  REQUIRE(submit("r1"));
  for (std::uint32_t i = 1; i < crashes_max; ++i) {
    crash();
    const auto decided = logic.take_over(takeover_cause::new_leader, facts, now);
    CHECK_FALSE(decided.quarantined);
    commit(decided.batch);
  }
  REQUIRE(submit("r2"));

  crash();
  const auto decided = logic.take_over(takeover_cause::new_leader, facts, now);
  commit(decided.batch);

  REQUIRE(decided.quarantined);
  CHECK(decided.quarantined->status == run_status::error);
  CHECK(run("r1")->state == run_state::closed);
  const auto refused = submit("r3");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::forbidden);
  CHECK(refused.error().detail.find("quarantined") != std::string::npos);

  SECTION("it stays so over a restart, with what was queued") {
    restart();
    CHECK_FALSE(logic.row().quarantine.empty());
    CHECK(logic.queue().size() == 1);
  }
  SECTION("a reset releases it with an empty context, and goes on with the queue") {
    const auto before = logic.row().message_seq;
    const auto reset = logic.reset(facts, now);
    REQUIRE(reset);
    commit(reset.value().batch);
    CHECK(reset.value().start_run);
    CHECK(logic.active()->run_id == "r2");
    CHECK(logic.row().history_from == before + 1);
    CHECK(submit("r4"));
  }
  SECTION("an operator's release goes on with the queue") {
    const auto released = logic.release(facts, now);
    REQUIRE(released);
    commit(released.value().batch);
    CHECK(released.value().start_run);
    CHECK(logic.active()->run_id == "r2");
    CHECK(submit("r4"));
  }
}

TEST_CASE_METHOD(conversation_world, "conversation: a step takes the crashes off a run's account") {
  REQUIRE(submit("r1"));
  for (int round = 0; round < 4; ++round) {
    for (std::uint32_t i = 1; i < crashes_max; ++i) {
      crash();
      const auto decided = logic.take_over(takeover_cause::new_leader, facts, now);
      CHECK_FALSE(decided.quarantined);
      commit(decided.batch);
    }
    step("call_" + std::to_string(round));
  }
  CHECK(run("r1")->crashes == 0);
  CHECK(run("r1")->steps == 4);
}

TEST_CASE_METHOD(conversation_world,
                 "conversation: a run's failing actor counts as a crash at once") {
  REQUIRE(submit("r1"));
  for (std::uint32_t i = 1; i < crashes_max; ++i)
    CHECK_FALSE(logic.take_over(takeover_cause::actor_failed, facts, now).quarantined);
  CHECK(logic.take_over(takeover_cause::actor_failed, facts, now).quarantined);
}

TEST_CASE_METHOD(conversation_world,
                 "conversation: an intent lives until its outcome is committed") {
  REQUIRE(submit("r1"));
  step("call_1");
  CHECK(count(tables::intent_prefix(logic.id(), "r1")) == 1);

  SECTION("settled by a step") {
    tables::message_row result;
    result.role = tables::message_role::tool_result;
    result.run_id = "r1";
    result.call_id = "call_1";
    commit(logic.record_step({result}, {}, {"call_1"}, now).batch);
    CHECK(count(tables::intent_prefix(logic.id(), "r1")) == 0);
  }
  SECTION("after a crash it is still there to be settled") {
    crash();
    CHECK(count(tables::intent_prefix(logic.id(), "r1")) == 1);
    commit(logic.take_over(takeover_cause::new_leader, facts, now));
    close();
    CHECK(count(tables::intent_prefix(logic.id(), "r1")) == 0);
  }
}

TEST_CASE_METHOD(conversation_world,
                 "conversation: abort withdraws what waits and stops what runs") {
  REQUIRE(submit("r1"));
  REQUIRE(submit("r2"));
  REQUIRE(submit("r3"));

  SECTION("one queued input") {
    const auto decided = logic.abort("r2", "rpc", now);
    commit(decided.batch);
    CHECK_FALSE(decided.stop_active);
    REQUIRE(decided.withdrawn.size() == 1);
    CHECK(decided.withdrawn[0]->status == run_status::aborted);
    CHECK(run("r2")->state == run_state::closed);
    CHECK(logic.queue().size() == 1);
  }
  SECTION("everything") {
    const auto decided = logic.abort("", "rpc", now);
    commit(decided.batch);
    CHECK(decided.stop_active);
    CHECK(decided.withdrawn.size() == 2);
    CHECK(count(tables::input_prefix(logic.id())) == 0);
    const auto again = submit("r3");
    REQUIRE(again);
    CHECK(again.value().receipt.kind == receipt_kind::finished);
  }
  SECTION("nothing of that name") {
    const auto decided = logic.abort("other", "rpc", now);
    CHECK(decided.batch.empty());
    CHECK_FALSE(decided.stop_active);
  }
}

TEST_CASE_METHOD(conversation_world,
                 "conversation: reset begins a new session and keeps the rows") {
  REQUIRE(submit("r1"));
  CHECK(logic.reset(facts, now).error().code == errc::unavailable);
  close();
  const auto before = logic.row().session_id;

  const auto decided = logic.reset(facts, now);
  REQUIRE(decided);
  commit(decided.value().batch);

  CHECK(logic.row().session_id != before);
  CHECK(logic.row().history_from == 3);
  CHECK(transcript().size() == 2);
}

TEST_CASE_METHOD(conversation_world,
                 "conversation: delete erases it, but not the memory of its keys") {
  REQUIRE(submit("r1"));
  close();

  auto batches = logic.erase(*log.rows().snapshot(), shard);
  REQUIRE(batches);
  for (const auto& batch : batches.value())
    commit(batch);
  reload();

  CHECK_FALSE(logic.exists());
  CHECK(transcript().empty());
  CHECK(submit("r1").value().receipt.kind == receipt_kind::finished);
}

TEST_CASE_METHOD(conversation_world, "conversation: closed runs are forgotten after a day") {
  REQUIRE(submit("r1"));
  const auto closed_at = now;
  close();
  constexpr wall_ms day_ms = 24 * 3'600'000;

  const auto too_early = expired_runs(*log.rows().snapshot(), shard, closed_at + day_ms - 1);
  const auto due = expired_runs(*log.rows().snapshot(), shard, closed_at + day_ms);

  REQUIRE(too_early);
  CHECK(too_early.value().empty());
  REQUIRE(due);
  commit(due.value());
  CHECK_FALSE(run("r1"));
  CHECK(count(tables::expiry_prefix()) == 0);
}

TEST_CASE_METHOD(conversation_world, "conversation: bad inputs are refused with the remedy") {
  submit_input input;
  input.key = key;
  CHECK(logic.submit(input, {}, facts, now).error().code == errc::invalid_argument);
  input.run_id = "r1";
  CHECK(logic.submit(input, {}, facts, now).error().code == errc::invalid_argument);
  input.text.assign(input_text_bytes_max, 'x');
  CHECK(logic.submit(input, {}, facts, now));
  conversation_world other;
  input.text += 'x';
  CHECK(other.logic.submit(input, {}, facts, now).error().code == errc::invalid_argument);
}

TEST_CASE_METHOD(conversation_world, "conversation: timestamps never go back") {
  REQUIRE(submit("r1"));
  now -= 500'000;
  close();
  const auto rows = transcript();
  CHECK(rows[1].at >= rows[0].at);
  reload();
  REQUIRE(submit("r2"));
  CHECK(transcript()[2].at >= rows[1].at);
}

} // namespace troupe::test
