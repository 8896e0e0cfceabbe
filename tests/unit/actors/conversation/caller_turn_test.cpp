#include "actors/conversation/limits.hpp"
#include "tests/support/conversation_world.hpp"

#include <catch2/catch.hpp>

/// What callers of the HTTP API send along with their inputs, and conversations that nobody named.
namespace troupe::test {
namespace {

using tables::message_role;

struct caller_world : conversation_world {
  caller_turn turn;
  bool ephemeral = false;

  result<conversation_logic::submitted> call(const std::string& run_id, const std::string& text) {
    submit_input input;
    input.key = key;
    input.run_id = run_id;
    input.text = text;
    input.caller = std::make_shared<const caller_turn>(turn);
    input.ephemeral = ephemeral;
    auto decided = logic.submit(input, run(run_id), facts, now++);
    if (decided)
      commit(decided.value());
    return decided;
  }
  std::optional<tables::conversation_row> stored() {
    const auto bytes =
        log.rows().snapshot()->get(shard, tables::conversation_key(logic.id())).value();
    if (!bytes)
      return std::nullopt;
    return tables::decode_conversation(*bytes).value();
  }
};

tables::told_message told(message_role role, std::string text) {
  tables::told_message message;
  message.role = role;
  message.text = std::move(text);
  return message;
}

} // namespace

TEST_CASE_METHOD(caller_world,
                 "caller: history counts in a new session and is left out of others") {
  turn.history = {told(message_role::user, "before"), told(message_role::assistant, "yes")};

  REQUIRE(call("r1", "now"));
  close();
  REQUIRE(call("r2", "later"));

  const auto rows = transcript();
  REQUIRE(rows.size() == 3);
  const auto history = tables::decode_history(rows[0].history).value();
  REQUIRE(history.size() == 2);
  CHECK(history[0].text == "before");
  CHECK(history[1].role == message_role::assistant);
  CHECK(rows[2].text == "later");
  CHECK(rows[2].history.empty());
}

TEST_CASE_METHOD(caller_world, "caller: a session that was reset takes a history again") {
  REQUIRE(call("r1", "now"));
  close();
  const auto reset = logic.reset(facts, now++);
  REQUIRE(reset);
  commit(reset.value());
  turn.history = {told(message_role::user, "before")};

  REQUIRE(call("r2", "again"));

  CHECK_FALSE(transcript().back().history.empty());
}

TEST_CASE_METHOD(caller_world, "caller: a long history goes into chunks, and comes back whole") {
  turn.history = {told(message_role::user, long_text(300'000))};

  const auto decided = call("r1", "now");

  REQUIRE(decided);
  CHECK_FALSE(decided.value().chunks.empty());
  const auto history = tables::decode_history(transcript()[0].history).value();
  REQUIRE(history.size() == 1);
  CHECK(history[0].text == turn.history[0].text);
  sweep();
  CHECK(tables::decode_history(transcript()[0].history).value()[0].text == turn.history[0].text);
}

TEST_CASE_METHOD(caller_world, "caller: results come before the text, and need none") {
  turn.results = {{.call_id = "c1", .name = "f", .text = "four"}};

  SECTION("alone") {
    REQUIRE(call("r1", ""));
    REQUIRE(transcript().size() == 1);
  }
  SECTION("with a text") {
    REQUIRE(call("r1", "and now?"));
    REQUIRE(transcript().size() == 2);
    CHECK(transcript()[1].role == message_role::user);
    CHECK(transcript()[1].run_id == "r1");
  }
  const auto row = transcript()[0];
  CHECK(row.role == message_role::tool_result);
  CHECK(row.call_id == "c1");
  CHECK(row.tool_name == "f");
  CHECK(row.text == "four");
  CHECK(row.run_id == "r1");
  CHECK(run("r1")->first_seq == 1);
}

TEST_CASE_METHOD(caller_world, "caller: results cannot wait behind another run") {
  REQUIRE(call("r1", "busy"));
  turn.results = {{.call_id = "c1", .name = "f", .text = "four"}};

  const auto refused = call("r2", "");

  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::overloaded);
}

TEST_CASE_METHOD(caller_world, "caller: neither text nor results is no input") {
  const auto refused = call("r1", "");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::invalid_argument);
}

TEST_CASE_METHOD(caller_world, "caller: options wait with their input and go with their run") {
  turn.options.tools = {{.name = "f", .description = "does f", .schema = "{}"}};
  turn.options.temperature = 0.5;
  REQUIRE(submit("r0"));
  REQUIRE(call("r1", "waits"));
  CHECK(run("r1")->caller_options.empty());

  crash();
  commit(logic.take_over(takeover_cause::planned, facts, now++));
  close();

  const auto options = tables::decode_caller_options(run("r1")->caller_options).value();
  REQUIRE(options.tools.size() == 1);
  CHECK(options.tools[0].description == "does f");
  CHECK(options.temperature == 0.5);
  CHECK_FALSE(options.top_p);
  close();
  CHECK(run("r1")->caller_options.empty());
}

TEST_CASE_METHOD(caller_world, "caller: bounds of options and results hold") {
  turn.options.tools = {{.name = "f", .description = std::string(caller_options_bytes_max, 'd')}};
  CHECK_FALSE(call("r1", "x"));
  turn.options.tools.clear();
  turn.results.assign(caller_results_max + 1, {.call_id = "c", .name = "f", .text = "t"});
  CHECK_FALSE(call("r1", "x"));
  turn.results.pop_back();
  CHECK(call("r1", "x"));
}

TEST_CASE_METHOD(caller_world, "caller: the largest turn fits its batch") {
  turn.options.tools = {
      {.name = "f", .description = std::string(caller_options_bytes_max - 64, 'd')}};
  turn.results.assign(
      caller_results_max,
      {.call_id = std::string(256, 'c'), .name = std::string(64, 'f'), .text = long_text(200'000)});
  turn.history = {told(message_role::user, long_text(500'000))};
  submit_input input;
  input.key = key;
  input.run_id = "r1";
  input.text = long_text(400'000);
  input.extra_system_prompt = std::string(extra_prompt_bytes_max, 'e');
  input.caller = std::make_shared<const caller_turn>(turn);

  const auto decided = logic.submit(input, {}, facts, now);

  REQUIRE(decided);
  CHECK(decided.value().batch.encoded_bytes() <= write_batch::encoded_bytes_max);
}

TEST_CASE_METHOD(caller_world, "ephemeral: the first batch waits for the second") {
  ephemeral = true;
  const auto decided = call("r1", "hello");
  REQUIRE(decided);
  CHECK(decided.value().held);
  CHECK(decided.value().start_run);
  CHECK(decided.value().messages.size() == 1);
  CHECK(log.proposals().empty());
  CHECK(logic.holds());
  CHECK_FALSE(stored());

  auto held = logic.take_held();
  CHECK_FALSE(logic.holds());
  CHECK(held.messages == decided.value().messages);
  const auto closed = [&] {
    tables::message_row answer;
    answer.role = message_role::assistant;
    answer.run_id = "r1";
    answer.text = "hi";
    run_outcome outcome;
    outcome.status = tables::run_status::ok;
    return logic.close({answer}, outcome, {}, facts, now, {});
  }();
  held.batch.append(closed.batch);
  commit(held.batch);

  CHECK(log.proposals().size() == 1);
  REQUIRE(stored());
  CHECK(transcript().size() == 2);
  CHECK(run("r1")->state == tables::run_state::closed);
  CHECK(count(tables::busy_prefix()) == 0);
  CHECK(count(tables::ephemeral_prefix()) == 1);
}

TEST_CASE_METHOD(caller_world, "ephemeral: a large first batch is committed at once") {
  ephemeral = true;
  const auto decided = call("r1", std::string(held_bytes_max + 1, 'x'));
  REQUIRE(decided);
  CHECK_FALSE(decided.value().held);
  CHECK(log.proposals().size() == 1);
  CHECK(stored());
}

TEST_CASE_METHOD(caller_world, "ephemeral: it expires with all its rows, and only then") {
  ephemeral = true;
  turn.history = {told(message_role::user, long_text(200'000))};
  REQUIRE(call("r1", std::string(held_bytes_max + 1, 'x')));
  const auto at = stored()->expires_at;
  CHECK(at > now);
  CHECK_FALSE(logic.is_expired(at, at)); // Its run is open.
  close();
  CHECK_FALSE(logic.is_expired(at, at - 1));
  CHECK_FALSE(logic.is_expired(at - 1, at));
  REQUIRE(logic.is_expired(at, at));

  auto batches = logic.erase(*log.rows().snapshot(), shard);
  REQUIRE(batches);
  for (const auto& batch : batches.value())
    commit(batch);

  CHECK_FALSE(stored());
  CHECK(transcript().empty());
  CHECK(count(tables::chunk_prefix(logic.id())) == 0);
  CHECK(count(tables::ephemeral_prefix()) == 0);
  CHECK(run("r1")); // Forgotten in its own time.
}

TEST_CASE_METHOD(caller_world,
                 "ephemeral: each turn of its kind moves the time, another kind keeps it") {
  ephemeral = true;
  REQUIRE(call("r1", std::string(held_bytes_max + 1, 'x')));
  close();
  const auto first = stored()->expires_at;
  now += 1000;
  REQUIRE(call("r2", "goes on"));
  close();
  CHECK(stored()->expires_at > first);
  CHECK(count(tables::ephemeral_prefix()) == 1);

  reload();
  ephemeral = false;
  REQUIRE(call("r3", "somebody came back"));
  CHECK(stored()->expires_at == 0);
  CHECK(count(tables::ephemeral_prefix()) == 0);
  close();
  ephemeral = true;
  REQUIRE(call("r4", "a named session stays"));
  CHECK(stored()->expires_at == 0);
}

} // namespace troupe::test
