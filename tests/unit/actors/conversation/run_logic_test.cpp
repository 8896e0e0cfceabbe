#include "actors/conversation/limits.hpp"
#include "actors/conversation/run_logic.hpp"

#include <catch2/catch.hpp>

#include <optional>

namespace troupe::test {
namespace {

using tables::effect_class;
using tables::message_role;
using tables::message_row;
using tables::run_status;

tool_declaration tool(std::string name, effect_class effect) {
  return {.name = std::move(name),
          .description = "a tool",
          .schema = "{}",
          .effect = effect,
          .run = [](const tool_context&, std::string_view) { return tool_output{}; }};
}

/// A run whose actions are taken one by one, and whose committed rows can be handed to a successor.
struct run_world {
  config::agent_settings agent;
  config::model_settings model{.id = "m", .name = "m"};
  tool_catalog tools;
  tables::run_row row;
  std::vector<message_row> committed;
  std::vector<tables::intent_row> intents;
  std::optional<run_logic> logic;

  run_world() {
    agent.id = "main";
    agent.workspace = "/workspace";
    tools.add(tool("look", effect_class::pure));
    tools.add(tool("fetch", effect_class::repeatable));
    tools.add(tool("pay", effect_class::once));
    row.run_id = "r1";
    message_row user;
    user.role = message_role::user;
    user.run_id = "r1";
    user.text = "do it";
    committed.push_back(user);
    begin();
  }
  /// A new attempt from what is committed.
  void begin() {
    logic.emplace(row, prompt_inputs{&agent, &model, &tools, "agent:main:main", {}, "p"}, "p",
                  "api", transcript{nullptr, committed}, intents);
  }
  template <class Action>
  Action expect() {
    auto action = logic->next();
    REQUIRE(std::holds_alternative<Action>(action));
    return std::get<Action>(action);
  }
  void commit_record() {
    auto record = expect<run_logic::record>();
    for (auto& message : record.messages)
      committed.push_back(message);
    for (const auto& call : record.settled_calls)
      std::erase_if(intents, [&](const auto& intent) { return intent.call_id == call; });
    for (auto& intent : record.intents)
      intents.push_back(intent);
    logic->recorded();
  }
  void answer_with_calls(std::vector<model::tool_call> calls) {
    model::model_result result;
    result.tool_calls = std::move(calls);
    result.stop_reason = model::stop_reason::tool_use;
    logic->answered(result);
  }
  void answer(std::string text) {
    model::model_result result;
    result.text = std::move(text);
    result.usage = {.input = 10, .output = 5};
    logic->answered(result);
  }
};

} // namespace

TEST_CASE_METHOD(run_world, "run: a plain turn asks once and closes") {
  const auto ask = expect<run_logic::ask_model>();
  REQUIRE(ask.request.messages.size() == 1);
  CHECK(ask.request.messages[0].text == "do it");
  CHECK(ask.request.tools.size() == 3);

  answer("done");

  const auto end = expect<run_logic::close>();
  CHECK(end.outcome.status == run_status::ok);
  CHECK(end.outcome.text == "done");
  CHECK(end.outcome.input_tokens == 10);
  REQUIRE(end.messages.size() == 1);
  CHECK(end.messages[0].role == message_role::assistant);
  CHECK(end.messages[0].stop_reason == "stop");
}

TEST_CASE_METHOD(run_world, "run: no call starts before its intent is committed") {
  expect<run_logic::ask_model>();
  answer_with_calls({{"c1", "pay", "{}"}, {"c2", "fetch", "{}"}, {"c3", "look", "{}"}});

  const auto record = expect<run_logic::record>();
  CHECK(record.messages.size() == 1);
  REQUIRE(record.intents.size() == 2);
  CHECK(record.intents[0].effect == effect_class::once);
  CHECK(record.intents[1].effect == effect_class::repeatable);
  commit_record();

  CHECK(expect<run_logic::run_tools>().calls.size() == 3);
}

TEST_CASE_METHOD(run_world,
                 "run: outcomes of once tools are committed before the model sees them") {
  expect<run_logic::ask_model>();
  answer_with_calls({{"c1", "pay", "{}"}});
  commit_record();
  expect<run_logic::run_tools>();
  logic->tools_finished({{"paid", false}});

  const auto record = expect<run_logic::record>();
  CHECK(record.settled_calls == std::vector<std::string>{"c1"});
  commit_record();
  const auto ask = expect<run_logic::ask_model>();
  CHECK(ask.request.messages.back().text == "paid");
}

TEST_CASE_METHOD(run_world, "run: what the model thought is committed and goes back") {
  expect<run_logic::ask_model>();
  model::model_result thoughtful;
  thoughtful.tool_calls = {{"c1", "look", "{}"}};
  thoughtful.stop_reason = model::stop_reason::tool_use;
  thoughtful.reasoning = "thoughts";
  logic->answered(thoughtful);
  commit_record();
  SECTION("as it goes on") {}
  SECTION("taken up again") {
    begin();
  }
  expect<run_logic::run_tools>();
  logic->tools_finished({{"seen", false}});

  const auto ask = expect<run_logic::ask_model>();
  REQUIRE(ask.request.messages.size() == 3);
  CHECK(ask.request.messages[1].reasoning == "thoughts");
}

TEST_CASE_METHOD(run_world, "run: outcomes of reads are merged with the answer's batch") {
  expect<run_logic::ask_model>();
  answer_with_calls({{"c1", "fetch", "{}"}});
  commit_record();
  expect<run_logic::run_tools>();
  logic->tools_finished({{"fetched", false}});
  const auto ask = expect<run_logic::ask_model>();
  CHECK(ask.request.messages.back().text == "fetched");
  answer("it says fetched");

  const auto end = expect<run_logic::close>();
  CHECK(end.settled_calls == std::vector<std::string>{"c1"});
  REQUIRE(end.messages.size() == 2);
  CHECK(end.messages[0].role == message_role::tool_result);
  CHECK(end.outcome.tools_used == std::vector<std::string>{"fetch"});
}

TEST_CASE_METHOD(run_world, "run: large results are committed on their own") {
  expect<run_logic::ask_model>();
  answer_with_calls({{"c1", "fetch", "{}"}, {"c2", "fetch", "{}"}});
  commit_record();
  expect<run_logic::run_tools>();
  logic->tools_finished({{std::string(200'000, 'x'), false}, {std::string(200'000, 'y'), false}});

  const auto record = expect<run_logic::record>();
  for (const auto& message : record.messages) {
    CHECK(message.text.size() <= tool_result_bytes_max);
    CHECK(message.text.find("[cut:") != std::string::npos);
  }
}

TEST_CASE_METHOD(run_world, "run: taken up again, a once call with an intent is not run again") {
  expect<run_logic::ask_model>();
  answer_with_calls({{"c1", "pay", "{}"}, {"c2", "fetch", "{}"}});
  commit_record();

  begin();

  const auto record = expect<run_logic::record>();
  REQUIRE(record.messages.size() == 1);
  CHECK(record.messages[0].call_id == "c1");
  CHECK(record.messages[0].is_error);
  CHECK(record.messages[0].text.find("unknown") != std::string::npos);
  commit_record();
  const auto tools_again = expect<run_logic::run_tools>();
  REQUIRE(tools_again.calls.size() == 1);
  CHECK(tools_again.calls[0].call.id == "c2");
  logic->tools_finished({{"fetched", false}});
  CHECK(expect<run_logic::ask_model>().request.messages.size() == 4);
}

TEST_CASE_METHOD(run_world, "run: taken up again, committed outcomes are not asked for again") {
  expect<run_logic::ask_model>();
  answer_with_calls({{"c1", "pay", "{}"}});
  commit_record();
  expect<run_logic::run_tools>();
  logic->tools_finished({{"paid", false}});
  commit_record();

  begin();

  const auto ask = expect<run_logic::ask_model>();
  CHECK(ask.request.messages.back().text == "paid");
  CHECK(logic->model_calls() == 1);
}

TEST_CASE_METHOD(run_world, "run: a tool that does not exist is answered, not run") {
  expect<run_logic::ask_model>();
  answer_with_calls({{"c1", "nope", "{}"}});
  commit_record();
  const auto ask = expect<run_logic::ask_model>();
  CHECK(ask.request.messages.back().text.find("no tool named nope") != std::string::npos);
  CHECK(intents.empty());
}

TEST_CASE_METHOD(run_world, "run: more calls than one answer may make are answered as such") {
  expect<run_logic::ask_model>();
  std::vector<model::tool_call> calls;
  for (std::size_t i = 0; i <= tool_calls_per_answer_max; ++i)
    calls.push_back({"c" + std::to_string(i), "fetch", "{}"});
  answer_with_calls(calls);
  commit_record();
  CHECK(expect<run_logic::run_tools>().calls.size() == tool_calls_per_answer_max);
}

TEST_CASE_METHOD(run_world, "run: a model that never stops asking for tools is stopped") {
  for (std::uint32_t i = 1; i < model_calls_max; ++i) {
    expect<run_logic::ask_model>();
    answer_with_calls({{"c" + std::to_string(i), "look", "{}"}});
    commit_record();
    expect<run_logic::run_tools>();
    logic->tools_finished({{"x", false}});
  }
  expect<run_logic::ask_model>();
  answer_with_calls({{"last", "look", "{}"}});
  const auto end = expect<run_logic::close>();
  CHECK(end.outcome.status == run_status::error);
  CHECK(end.outcome.error.find("model calls") != std::string::npos);
}

TEST_CASE_METHOD(run_world, "run: a failed model call closes it with what was said and why") {
  expect<run_logic::ask_model>();
  model::model_failure failure;
  failure.kind = model::failure_kind::rate_limit;
  failure.message = "slow down";
  logic->failed(failure, "half an ans");

  const auto end = expect<run_logic::close>();
  CHECK(end.outcome.status == run_status::error);
  CHECK(end.outcome.error == "slow down");
  CHECK(end.outcome.error_kind == "rate_limit");
  REQUIRE(end.messages.size() == 1);
  CHECK(end.messages[0].text == "half an ans");
  CHECK(end.messages[0].error_message == "slow down");
}

TEST_CASE_METHOD(run_world, "run: a stopped run keeps its partial text") {
  expect<run_logic::ask_model>();
  logic->stop(run_status::aborted, "rpc", {}, "half");
  auto end = expect<run_logic::close>();
  CHECK(end.outcome.status == run_status::aborted);
  CHECK(end.outcome.stop_reason == "rpc");
  REQUIRE(end.messages.size() == 1);
  CHECK(end.messages[0].stop_reason == "aborted");
}

TEST_CASE_METHOD(run_world, "run: stopped before it said anything, it writes no message") {
  expect<run_logic::ask_model>();
  logic->stop(run_status::aborted, "rpc", {}, "");
  CHECK(expect<run_logic::close>().messages.empty());
}

} // namespace troupe::test
