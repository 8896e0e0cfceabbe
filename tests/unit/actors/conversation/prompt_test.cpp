#include "actors/conversation/prompt.hpp"
#include "tests/support/conversation_world.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {
namespace {

using tables::message_role;
using tables::message_row;

message_row message(message_role role, std::string text) {
  message_row row;
  row.role = role;
  row.text = std::move(text);
  return row;
}
message_row asks(std::vector<std::string> call_ids) {
  auto row = message(message_role::assistant, "");
  for (auto& id : call_ids)
    row.calls.push_back({id, "read", "{}"});
  return row;
}
message_row answers(std::string call_id, std::string text) {
  auto row = message(message_role::tool_result, std::move(text));
  row.call_id = std::move(call_id);
  return row;
}

struct prompt_world {
  config::agent_settings agent;
  config::model_settings model{.id = "m", .name = "m"};
  tool_catalog tools;
  prompt_inputs inputs{&agent, &model, &tools, "agent:main:main", {}};
  prompt_world() {
    agent.id = "main";
    agent.workspace = "/w";
  }
};

} // namespace

TEST_CASE_METHOD(prompt_world, "prompt: messages keep their order and roles") {
  const auto request = build_prompt(
      inputs, {message(message_role::user, "a"), message(message_role::assistant, "b"),
               message(message_role::note, "not for the model"), message(message_role::user, "c")});
  REQUIRE(request.messages.size() == 3);
  CHECK(request.messages[0].role == model::role::user);
  CHECK(request.messages[1].text == "b");
  CHECK(request.messages[2].text == "c");
}

TEST_CASE_METHOD(prompt_world, "prompt: a call without a result is answered as interrupted") {
  const auto request =
      build_prompt(inputs, {message(message_role::user, "a"), asks({"c1", "c2"}),
                            answers("c2", "two"), message(message_role::user, "b")});
  REQUIRE(request.messages.size() == 5);
  CHECK(request.messages[2].tool_call_id == "c2");
  CHECK(request.messages[3].tool_call_id == "c1");
  CHECK(request.messages[3].is_error);
  CHECK(request.messages[4].text == "b");
}

TEST_CASE_METHOD(prompt_world, "prompt: what a model thought goes back to the same model only") {
  inputs.provider = "p";
  auto same = asks({"c1"});
  same.provider = "p";
  same.model = "m";
  same.reasoning = "thoughts";
  auto of_provider = same;
  of_provider.provider = "q";
  auto of_model = same;
  of_model.model = "n";
  const auto thoughts = [&](const message_row& row) {
    return build_prompt(inputs, {message(message_role::user, "a"), row, answers("c1", "one")})
        .messages.at(1)
        .reasoning;
  };

  CHECK(thoughts(same) == "thoughts");
  CHECK(thoughts(of_provider).empty());
  CHECK(thoughts(of_model).empty());
}

TEST_CASE_METHOD(prompt_world, "prompt: a result whose call was cut off is left out") {
  const auto request =
      build_prompt(inputs, {answers("c0", "zero"), message(message_role::user, "a")});
  REQUIRE(request.messages.size() == 1);
  CHECK(request.messages[0].text == "a");
}

TEST_CASE_METHOD(prompt_world, "prompt: the system text is the same for every turn") {
  const auto one = build_prompt(inputs, {message(message_role::user, "a")});
  const auto two = build_prompt(
      inputs, {message(message_role::user, "a"), message(message_role::assistant, "b")});
  CHECK(one.system == two.system);
  inputs.extra_system_prompt = "Speak like a pirate.";
  CHECK(build_prompt(inputs, {}).system.ends_with("Speak like a pirate."));
}

TEST_CASE_METHOD(conversation_world,
                 "transcript: the newest that fits, of the current session only") {
  for (int i = 0; i < 5; ++i) {
    REQUIRE(submit("r" + std::to_string(i), std::string(1000, static_cast<char>('a' + i))));
    close();
  }
  const auto all = read_transcript(*log.rows().snapshot(), shard, logic.row(), 1u << 20);
  REQUIRE(all);
  CHECK(all.value().size() == 10);
  CHECK(all.value().front().seq == 1);

  const auto some = read_transcript(*log.rows().snapshot(), shard, logic.row(), 2500);
  REQUIRE(some);
  CHECK(some.value().size() == 4);
  CHECK(some.value().back().seq == 10);

  const auto newest_always = read_transcript(*log.rows().snapshot(), shard, logic.row(), 1);
  REQUIRE(newest_always);
  CHECK(newest_always.value().size() == 1);

  const auto reset = logic.reset(facts, now);
  REQUIRE(reset);
  commit(reset.value().batch);
  CHECK(read_transcript(*log.rows().snapshot(), shard, logic.row(), 1u << 20).value().empty());
}

} // namespace troupe::test
