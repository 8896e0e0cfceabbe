#include "actors/conversation/limits.hpp"
#include "actors/support/reply.hpp"
#include "tests/support/node_world.hpp"

#include <catch2/catch.hpp>

/// Conversations that nobody named, and the tools of their callers, through the real actors.
namespace troupe::test {
namespace {

using tables::run_status;

struct ephemeral_world : node_world {
  caller_turn turn;

  submit_input call(const std::string& run_id, const std::string& text = "hello") const {
    auto wanted = input(run_id, text);
    wanted.ephemeral = true;
    wanted.caller = std::make_shared<const caller_turn>(turn);
    return wanted;
  }
  bool in_memory() const {
    for (const auto& actor : context->registry->list())
      if (actor.path.find("/conversation/" + key) != std::string::npos)
        return true;
    return false;
  }
  /// Until each shard has looked for what has expired.
  void let_shards_look() {
    for (unsigned i = 0; i < log.shards(); ++i)
      pass(std::chrono::milliseconds{250});
  }
  void ask_for(const std::string& name, const std::string& then = {}) {
    provider.answer = [name, then, calls = 0](const std::string&) mutable {
      if (++calls > 1 && !then.empty())
        return std::vector<std::string>{
            R"({"id":"x","choices":[{"delta":{"content":")" + then + R"("}}]})",
            R"({"id":"x","choices":[{"delta":{},"finish_reason":"stop"}]})"};
      return std::vector<std::string>{
          R"({"id":"x","choices":[{"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":")" +
              name + R"(","arguments":"{}"}}]}}]})",
          R"({"id":"x","choices":[{"delta":{},"finish_reason":"tool_calls"}]})"};
    };
  }
};

/// Sends the input and asks for the end at once, as a completion does.
void ask_for_the_end(caf::event_based_actor* asker, ephemeral_world* world,
                     std::optional<run_outcome>* outcome) {
  asker->request(world->router, caf::infinite, world->call("r1"))
      .then([](const input_receipt&) {}, [](const caf::error&) {});
  asker->request(world->router, caf::infinite, await_run{world->key, "r1"})
      .then([outcome](const run_outcome& end) { *outcome = end; }, [](const caf::error&) {});
}

} // namespace

TEST_CASE_METHOD(ephemeral_world, "ephemeral: a plain answer is one commit, and leaves memory") {
  const auto receipt = ask<input_receipt>(router, call("r1"));
  REQUIRE(receipt);
  CHECK(receipt->kind == receipt_kind::started);
  REQUIRE(finished("r1"));

  CHECK(log.proposals().size() == 1);
  CHECK(transcript().size() == 2);
  REQUIRE(seen<run_event::finished>().size() == 1);
  CHECK(seen<run_event::finished>()[0].outcome->text == "hi there");
  CHECK(seen<run_event::message_committed>().size() == 2);
  REQUIRE(session_events.size() == 1); // While there was no row there was no session to show.
  CHECK(session_events[0].phase == "end");
  CHECK_FALSE(in_memory());
  CHECK(context->runs_active->load() == 0);
}

TEST_CASE_METHOD(ephemeral_world, "ephemeral: no message is told as committed before it is") {
  std::optional<std::size_t> told_before;
  const auto script = provider.answer;
  provider.answer = [&](const std::string& body) {
    told_before = seen<run_event::message_committed>().size();
    return script(body);
  };
  REQUIRE(ask<input_receipt>(router, call("r1")));
  REQUIRE(finished("r1"));

  CHECK(told_before == 0u);
  const auto told = seen<run_event::message_committed>();
  REQUIRE(told.size() == 2);
  CHECK(told[0].row->role == tables::message_role::user);
  CHECK(told[1].row->role == tables::message_role::assistant);
}

TEST_CASE_METHOD(ephemeral_world, "ephemeral: whoever asks with the input hears the end") {
  std::optional<run_outcome> outcome;
  system.spawn(ask_for_the_end, this, &outcome);
  REQUIRE(finished("r1"));
  run();

  REQUIRE(outcome);
  CHECK(outcome->text == "hi there");
  CHECK(outcome->input_tokens == 3);
}

TEST_CASE_METHOD(ephemeral_world, "ephemeral: before a tool may start its call is on the disk") {
  ask_for("pay", "paid it");
  REQUIRE(ask<input_receipt>(router, call("r1")));
  const auto row = finished("r1");

  REQUIRE(row);
  CHECK(row->status == run_status::ok);
  CHECK(paid["c1"] == 1);
  // {input, answer, intent}, {result of a once tool}, {the end}.
  CHECK(log.proposals().size() == 3);
  CHECK(transcript().size() == 4);
}

TEST_CASE_METHOD(ephemeral_world, "ephemeral: a failing run is taken up from its rows") {
  int calls = 0;
  const auto sound = provider.answer;
  provider.answer = [&](const std::string& body) {
    if (++calls == 1)
      self->send_exit(newest_run, caf::exit_reason::kill);
    return sound(body);
  };
  REQUIRE(ask<input_receipt>(router, call("r1")));

  const auto row = finished("r1");

  REQUIRE(row);
  CHECK(row->status == run_status::ok);
  CHECK(row->attempt == 2);
  CHECK(transcript().size() == 2);
}

TEST_CASE_METHOD(ephemeral_world, "ephemeral: a batch that is lost leaves nothing behind") {
  log.answer(1, proposal_status::not_leader);
  REQUIRE(ask<input_receipt>(router, call("r1")));
  for (int i = 0; i < 20; ++i)
    pass(std::chrono::milliseconds{50});

  CHECK_FALSE(run_row("r1"));
  CHECK(transcript().empty());
  const auto asked = ask<run_outcome>(router, await_run{key, "r1"});
  REQUIRE_FALSE(asked);
  CHECK(from_caf(asked.error()).code == errc::not_found);
}

TEST_CASE_METHOD(ephemeral_world, "ephemeral: when its time has come it is erased, not before") {
  REQUIRE(ask<input_receipt>(router, call("r1")));
  REQUIRE(finished("r1"));
  CHECK(count(tables::ephemeral_prefix()) == 1);

  pass(run_memory - std::chrono::minutes{1});
  let_shards_look();
  CHECK(transcript().size() == 2);

  pass(std::chrono::minutes{2});
  let_shards_look();
  CHECK(transcript().empty());
  CHECK(count(tables::ephemeral_prefix()) == 0);
  CHECK(count(tables::conversation_prefix()) == 0);
  CHECK_FALSE(in_memory());
}

TEST_CASE_METHOD(ephemeral_world, "ephemeral: one that somebody came back to by name stays") {
  REQUIRE(ask<input_receipt>(router, call("r1")));
  REQUIRE(finished("r1"));
  REQUIRE(submit_until_accepted("r2"));
  REQUIRE(finished("r2"));

  pass(run_memory + std::chrono::hours{1});
  let_shards_look();

  CHECK(transcript().size() == 4);
}

TEST_CASE_METHOD(ephemeral_world, "caller: a call of its tool ends the run and is told") {
  turn.options.tools = {{.name = "get_weather", .description = "weather", .schema = "{}"}};
  ask_for("get_weather");
  std::string asked;
  const auto script = provider.answer;
  provider.answer = [&](const std::string& body) {
    asked = body;
    return script(body);
  };
  REQUIRE(ask<input_receipt>(router, call("r1")));
  const auto row = finished("r1");

  REQUIRE(row);
  CHECK(row->status == run_status::ok);
  CHECK(row->stop_reason == callers_turn);
  CHECK(row->tools_used.empty());
  CHECK(log.proposals().size() == 1);
  CHECK_THAT(asked, Catch::Contains("get_weather") && Catch::Contains("\"pay\""));
  const auto outcome = *seen<run_event::finished>()[0].outcome;
  REQUIRE(outcome.calls.size() == 1);
  CHECK(outcome.calls[0].name == "get_weather");
  CHECK(outcome.calls[0].arguments == "{}");

  // Also from the rows alone.
  const auto again = ask<run_outcome>(router, await_run{key, "r1"});
  REQUIRE(again);
  CHECK(again->calls.size() == 1);
}

TEST_CASE_METHOD(ephemeral_world, "caller: the results of its tools go back to the model") {
  turn.options.tools = {{.name = "get_weather"}};
  ask_for("get_weather");
  REQUIRE(submit_until_accepted([&] {
    auto named = call("r1", "weather?");
    named.ephemeral = false;
    return named;
  }()));
  REQUIRE(finished("r1"));
  std::string asked;
  provider.answer = [&](const std::string& body) {
    asked = body;
    return std::vector<std::string>{
        R"({"id":"x","choices":[{"delta":{"content":"It rains."}}]})",
        R"({"id":"x","choices":[{"delta":{},"finish_reason":"stop"}]})"};
  };
  turn.results = {{.call_id = "c1", .name = "get_weather", .text = "rain"}};
  auto second = call("r2", "");
  second.ephemeral = false;
  REQUIRE(submit_until_accepted(second));
  REQUIRE(finished("r2"));

  CHECK_THAT(asked, Catch::Contains(R"("role":"tool","content":"rain","tool_call_id":"c1")"));
  CHECK(transcript().back().text == "It rains.");
}

TEST_CASE_METHOD(ephemeral_world,
                 "caller: what was said before and what is wished reach the model") {
  tables::told_message note;
  note.role = tables::message_role::note;
  note.text = "speak plainly";
  tables::told_message before;
  before.text = "said before";
  tables::told_message reply;
  reply.role = tables::message_role::assistant;
  reply.text = "answered before";
  turn.history = {note, before, reply};
  turn.options.tools = {{.name = "look"}};
  turn.options.choice = tables::tool_choice::required;
  turn.options.temperature = 0.25;
  turn.options.max_tokens = 7;
  std::string asked;
  ask_for("look");
  const auto script = provider.answer;
  provider.answer = [&](const std::string& body) {
    asked = body;
    return script(body);
  };
  REQUIRE(ask<input_receipt>(router, call("r1")));
  REQUIRE(finished("r1"));

  CHECK_THAT(asked, Catch::Contains("said before") && Catch::Contains("answered before") &&
                        Catch::Contains("speak plainly"));
  CHECK_THAT(asked, Catch::Contains(R"("tool_choice":"required")") &&
                        Catch::Contains(R"("temperature":0.25)") &&
                        Catch::Contains(R"("max_tokens":7)"));
  CHECK_THAT(asked, !Catch::Contains("\"pay\"")); // Nothing else may satisfy the choice.
  CHECK(seen<run_event::finished>()[0].outcome->calls.size() == 1); // It hides ours.
}

} // namespace troupe::test
