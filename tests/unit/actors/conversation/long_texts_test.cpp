#include "actors/conversation/conversation_logic.hpp"
#include "actors/conversation/limits.hpp"
#include "actors/model/types.hpp"
#include "tests/support/conversation_world.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {
namespace {

constexpr std::size_t mib = 1u << 20;

struct long_texts_world : conversation_world {
  std::size_t chunks() { return count(tables::chunk_prefix(logic.id())); }
  bool unclaimed() { return count(tables::unclaimed_key(logic.id())) == 1; }
  bool busy() { return count(tables::busy_key(logic.id())) == 1; }

  /// The decision, its batches not applied.
  conversation_logic::submitted decide(const std::string& run_id, const std::string& text) {
    submit_input input;
    input.key = key;
    input.run_id = run_id;
    input.text = text;
    auto decided = logic.submit(input, run(run_id), facts, now++);
    REQUIRE(decided);
    return std::move(decided).value();
  }
  void check_sizes(const conversation_logic::decision& decided) {
    CHECK(decided.batch.encoded_bytes() <= write_batch::encoded_bytes_max);
    for (const auto& batch : decided.chunks)
      CHECK(batch.encoded_bytes() <= write_batch::encoded_bytes_max);
  }
};

} // namespace

TEST_CASE_METHOD(long_texts_world, "long texts: what fits a batch stays in its row") {
  CHECK(decide("r1", long_text(batch_text_bytes_max)).chunks.empty());
}

TEST_CASE_METHOD(long_texts_world, "long texts: an input's chunks come before its row") {
  for (const auto bytes : {batch_text_bytes_max + 1, mib, input_text_bytes_max}) {
    INFO(bytes);
    long_texts_world world;
    const auto text = long_text(bytes);
    const auto decided = world.decide("r1", text);
    world.check_sizes(decided);
    REQUIRE_FALSE(decided.chunks.empty());
    for (const auto& batch : decided.chunks) {
      world.commit(batch);
      CHECK_FALSE(world.run("r1"));
      CHECK(world.unclaimed());
      CHECK(world.busy());
    }
    world.commit(decided.batch);
    CHECK_FALSE(world.unclaimed());
    CHECK(world.busy());
    CHECK_FALSE(world.logic.needs_sweep());
    REQUIRE(world.transcript().size() == 1);
    CHECK((world.transcript()[0].text == text));
    CHECK((decided.messages.at(0)->text == text));
  }
}

TEST_CASE_METHOD(long_texts_world, "long texts: one byte over the limit is refused, naming it") {
  const auto refused = submit("r1", long_text(input_text_bytes_max + 1));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::invalid_argument);
  CHECK(refused.error().detail.find("4194304") != std::string::npos);
  CHECK(log.proposals().empty());

  submit_input input;
  input.key = key;
  input.run_id = "r1";
  input.text = "x";
  input.extra_system_prompt = std::string(extra_prompt_bytes_max + 1, 'x');
  CHECK(logic.submit(input, {}, facts, now).error().code == errc::invalid_argument);
  input.extra_system_prompt.clear();
  input.model = std::string(name_bytes_max + 1, 'x');
  CHECK(logic.submit(input, {}, facts, now).error().code == errc::invalid_argument);
  CHECK(logic.create({key, input.model, {}, {}}, now).error().code == errc::invalid_argument);
}

TEST_CASE_METHOD(long_texts_world, "long texts: a queued input's chunks become its message's") {
  const auto text = long_text(mib);
  REQUIRE(submit("r1"));
  REQUIRE(submit("r2", text));
  CHECK(logic.queue().front().text.size() <= tables::text_head_bytes_max);
  const auto before = chunks();
  CHECK(before == 16);

  SECTION("as it goes on") {}
  SECTION("after a restart") {
    restart();
  }
  const auto decided = close();

  CHECK(decided.chunks.empty());
  CHECK(chunks() == before);
  CHECK(decided.batch.encoded_bytes() < 16'384);
  CHECK((transcript().back().text == text));
  CHECK(count(tables::input_prefix(logic.id())) == 0);
}

TEST_CASE_METHOD(long_texts_world, "long texts: what waits is bounded in bytes too") {
  REQUIRE(submit("r0"));
  REQUIRE(submit("r1", long_text(input_text_bytes_max, 1)));
  REQUIRE(submit("r2", long_text(input_text_bytes_max, 2)));

  const auto over = submit("r3");

  REQUIRE_FALSE(over);
  CHECK(over.error().code == errc::overloaded);
  CHECK(over.error().detail.find(std::to_string(queued_text_bytes_max)) != std::string::npos);
  restart();
  CHECK(submit("r3").error().code == errc::overloaded);
  close();
  CHECK(submit("r3"));
}

TEST_CASE("long texts: an upload that breaks off anywhere leaves nothing behind") {
  const auto text = long_text(mib);
  for (const bool already_busy : {false, true}) {
    for (std::size_t arrived = 0;; ++arrived) {
      INFO(arrived << " batches arrived, busy before: " << already_busy);
      long_texts_world world;
      if (already_busy)
        REQUIRE(world.submit("r0"));
      const auto decided = world.decide("r1", text);
      if (arrived > decided.chunks.size()) {
        CHECK(arrived == 7);
        break;
      }
      for (std::size_t i = 0; i < arrived; ++i)
        world.commit(decided.chunks[i]);

      world.crash();

      CHECK(world.logic.needs_sweep() == (arrived > 0));
      CHECK(world.busy() == (arrived > 0 || already_busy));
      world.sweep();
      CHECK_FALSE(world.logic.needs_sweep());
      CHECK_FALSE(world.unclaimed());
      CHECK(world.chunks() == 0);
      CHECK(world.busy() == already_busy);
      REQUIRE(world.submit("r1", text));
      CHECK(world.chunks() == 16);
    }
  }
}

TEST_CASE_METHOD(long_texts_world, "long texts: a sweep leaves what a row refers to") {
  const auto shared = long_text(mib, 1);
  REQUIRE(submit("r1", shared));
  close(long_text(mib / 2, 2));
  REQUIRE(submit("r2"));
  REQUIRE(submit("r3", shared));
  REQUIRE(submit("r4", long_text(mib, 3)));
  REQUIRE(submit("r5", long_text(mib, 4)));
  const auto before = chunks();

  for (const auto* withdrawn : {"r3", "r4"})
    commit(logic.abort(withdrawn, "rpc", now));

  CHECK(logic.needs_sweep());
  CHECK(unclaimed());
  SECTION("at once") {}
  SECTION("after a crash") {
    crash();
    CHECK(logic.needs_sweep());
  }
  sweep();
  CHECK(chunks() == before - 16);
  CHECK_FALSE(unclaimed());
  CHECK(busy());
  close();
  CHECK((transcript()[0].text == shared));
  CHECK((transcript()[1].text == long_text(mib / 2, 2)));
  CHECK((transcript().back().text == long_text(mib, 4)));
}

TEST_CASE_METHOD(long_texts_world,
                 "long texts: a withdrawn one keeps the session busy until it is swept") {
  REQUIRE(submit("r1"));
  REQUIRE(submit("r2", long_text(mib)));
  commit(logic.abort("r2", "rpc", now));
  close();
  CHECK(busy());
  crash();
  CHECK(logic.needs_sweep());
  sweep();
  CHECK(chunks() == 0);
  CHECK_FALSE(busy());
}

TEST_CASE_METHOD(long_texts_world, "long texts: an upload does not hide that a sweep is due") {
  REQUIRE(submit("r1"));
  REQUIRE(submit("r2", long_text(mib, 1)));
  commit(logic.abort("r2", "rpc", now));
  REQUIRE(submit("r3", long_text(mib, 2)));
  CHECK(unclaimed());
  CHECK(logic.needs_sweep());
  sweep();
  CHECK(chunks() == 16);
}

TEST_CASE_METHOD(long_texts_world, "long texts: they are erased with the session") {
  REQUIRE(submit("r1", long_text(input_text_bytes_max)));
  close(long_text(answer_text_bytes_max, 2));
  commit(logic.abort("", "rpc", now));
  CHECK(chunks() > 64);

  const auto batches = logic.erase(*log.rows().snapshot(), shard);
  REQUIRE(batches);
  for (const auto& batch : batches.value())
    commit(batch);

  CHECK(chunks() == 0);
  CHECK_FALSE(busy());
  CHECK_FALSE(unclaimed());
  reload();
  CHECK_FALSE(logic.exists());
}

TEST_CASE_METHOD(long_texts_world, "long texts: the longest answer and the next input, one close") {
  REQUIRE(submit("r1"));
  submit_input next;
  next.key = key;
  next.run_id = std::string(1024, 'r');
  next.text = long_text(batch_text_bytes_max, 3);
  next.extra_system_prompt = std::string(extra_prompt_bytes_max, 'x');
  auto queued = logic.submit(next, {}, facts, now);
  REQUIRE(queued);
  commit(queued.value());
  const auto answer = long_text(answer_text_bytes_max, 2);

  const auto decided = close(answer);

  check_sizes(decided);
  CHECK(decided.start_run);
  REQUIRE(transcript().size() == 3);
  CHECK((transcript()[1].text == answer));
  CHECK((transcript()[2].text == next.text));
  CHECK(run("r1")->final_seq == 2);
}

TEST_CASE_METHOD(long_texts_world,
                 "long texts: the largest step that the limits allow is one batch") {
  submit_input input;
  input.key = key;
  input.run_id = std::string(1024, 'r');
  input.text = "go";
  input.extra_system_prompt = std::string(extra_prompt_bytes_max, 'x');
  auto begun = logic.submit(input, {}, facts, now);
  REQUIRE(begun);
  commit(begun.value());

  conversation_logic::new_messages messages;
  std::vector<tables::intent_row> intents;
  std::vector<std::string> settled;
  tables::message_row asks;
  asks.role = tables::message_role::assistant;
  asks.run_id = input.run_id;
  asks.text = long_text(answer_text_bytes_max);
  const auto name_bytes = call_names_bytes_max / tool_calls_answered_max / 2;
  for (std::size_t i = 0; i < tool_calls_answered_max; ++i) {
    auto id = std::to_string(i) + std::string(name_bytes, 'i');
    id.resize(name_bytes);
    asks.calls.push_back(
        {id, std::string(name_bytes, 'n'),
         long_text(call_arguments_bytes_max / tool_calls_answered_max, static_cast<unsigned>(i))});
  }
  asks.reasoning = long_text(model::reasoning_bytes_max, 99);
  messages.push_back(asks);
  for (std::size_t i = 0; i < tool_calls_answered_max; ++i) {
    const auto& call = asks.calls[i];
    if (i < tool_calls_per_answer_max) {
      tables::intent_row intent;
      intent.call_id = call.id;
      intent.tool = call.name;
      intent.arguments = call.arguments;
      intents.push_back(intent);
      continue;
    }
    tables::message_row refusal;
    refusal.role = tables::message_role::tool_result;
    refusal.run_id = input.run_id;
    refusal.call_id = call.id;
    refusal.tool_name = call.name;
    refusal.text = std::string(200 + name_bytes, 'x');
    messages.push_back(refusal);
    settled.push_back(call.id);
  }

  const auto decided = logic.record_step(messages, intents, settled, now);

  check_sizes(decided);
  commit(decided);
  const auto rows = transcript();
  REQUIRE(rows.size() == messages.size() + 1);
  CHECK((rows[1].text == asks.text));
  CHECK((rows[1].reasoning == asks.reasoning));
  for (std::size_t i = 0; i < asks.calls.size(); ++i)
    CHECK((rows[1].calls[i].arguments == asks.calls[i].arguments));

  const auto before = chunks();
  REQUIRE(submit("r2", long_text(mib, 98)));
  commit(logic.abort("r2", "rpc", now));
  sweep();
  CHECK(chunks() == before);
  CHECK((transcript()[1].reasoning == asks.reasoning));
}

} // namespace troupe::test
