#include "actors/conversation/prompt.hpp"
#include "persistence/tables/chunked_text.hpp"
#include "tests/support/conversation_world.hpp"

#include <catch2/catch.hpp>

#include <limits>

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

/// A transcript of which everything is of the run.
transcript of_run(std::vector<message_row> rows) {
  return {nullptr, std::move(rows)};
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

struct transcript_world : conversation_world, prompt_world {
  troupe::transcript read(std::size_t bytes_max,
                          std::uint64_t run_from = std::numeric_limits<std::uint64_t>::max()) {
    auto read =
        read_transcript(*log.rows().snapshot(), shard, logic.row(), inputs, bytes_max, run_from);
    REQUIRE(read);
    return std::move(read.value());
  }
};

} // namespace

TEST_CASE_METHOD(prompt_world, "prompt: messages keep their order and roles") {
  const auto request = build_prompt(
      inputs,
      of_run({message(message_role::user, "a"), message(message_role::assistant, "b"),
              message(message_role::note, "not for the model"), message(message_role::user, "c")}));
  REQUIRE(request.messages.size() == 3);
  CHECK(request.messages[0].role == model::role::user);
  CHECK(request.messages[1].text == "b");
  CHECK(request.messages[2].text == "c");
}

TEST_CASE_METHOD(prompt_world, "prompt: a call without a result is answered as interrupted") {
  const auto request =
      build_prompt(inputs, of_run({message(message_role::user, "a"), asks({"c1", "c2"}),
                                   answers("c2", "two"), message(message_role::user, "b")}));
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
    return build_prompt(inputs,
                        of_run({message(message_role::user, "a"), row, answers("c1", "one")}))
        .messages[1]
        .reasoning;
  };

  CHECK(thoughts(same) == "thoughts");
  CHECK(thoughts(of_provider).empty());
  CHECK(thoughts(of_model).empty());
}

TEST_CASE_METHOD(prompt_world, "prompt: a result whose call was cut off is left out") {
  const auto request =
      build_prompt(inputs, of_run({answers("c0", "zero"), message(message_role::user, "a")}));
  REQUIRE(request.messages.size() == 1);
  CHECK(request.messages[0].text == "a");
}

TEST_CASE_METHOD(prompt_world, "prompt: the system text is the same for every turn") {
  const auto one = build_prompt(inputs, of_run({message(message_role::user, "a")}));
  const auto two = build_prompt(
      inputs, of_run({message(message_role::user, "a"), message(message_role::assistant, "b")}));
  CHECK(one.system == two.system);
  inputs.extra_system_prompt = "Speak like a pirate.";
  CHECK(build_prompt(inputs, {}).system.ends_with("Speak like a pirate."));
}

TEST_CASE_METHOD(prompt_world, "prompt: a caller may want a shorter answer, not a longer one") {
  tables::caller_options wishes;
  inputs.caller = &wishes;
  const auto tokens_for = [&](std::uint32_t models, std::uint32_t callers) {
    model.max_tokens = models;
    wishes.max_tokens = callers;
    return build_prompt(inputs, {}).max_tokens;
  };
  CHECK(tokens_for(100, 0) == 100);
  CHECK(tokens_for(100, 7) == 7);
  CHECK(tokens_for(100, 101) == 100);
  CHECK(tokens_for(0, 7) == 7);
}

TEST_CASE_METHOD(transcript_world,
                 "transcript: the newest that fits, of the current session only") {
  for (int i = 0; i < 5; ++i) {
    REQUIRE(submit("r" + std::to_string(i), std::string(1000, static_cast<char>('a' + i))));
    close();
  }
  const auto all = read(1u << 20);
  REQUIRE(all.earlier->size() == 10);
  CHECK(all.earlier->front().text == std::string(1000, 'a'));
  CHECK(all.of_run.empty());

  const auto some = read(2500);
  REQUIRE(some.earlier->size() == 4);
  CHECK(some.earlier->front().text == std::string(1000, 'd'));

  CHECK(read(1).earlier->size() == 1);

  const auto reset = logic.reset(facts, now);
  REQUIRE(reset);
  commit(reset.value().batch);
  CHECK(read(1u << 20).earlier->empty());
}

TEST_CASE_METHOD(transcript_world, "transcript: a run's own rows stay rows, whatever the bound") {
  for (int i = 0; i < 3; ++i) {
    REQUIRE(submit("r" + std::to_string(i), std::string(1000, static_cast<char>('a' + i))));
    close();
  }
  const auto resumed = read(1, 3);
  CHECK(resumed.earlier->empty());
  REQUIRE(resumed.of_run.size() == 4);
  CHECK(resumed.of_run.front().seq == 3);

  const auto whole = read(1u << 20, 5);
  REQUIRE(whole.of_run.size() == 2);
  CHECK(whole.of_run.front().run_id == "r2");
  const auto request = build_prompt(inputs, whole);
  REQUIRE(request.messages.size() == 6);
  CHECK(request.messages[3].role == model::role::assistant);
  CHECK(request.messages[4].text == std::string(1000, 'c'));
  const auto again = build_prompt(inputs, whole);
  CHECK(&request.messages[0] == &again.messages[0]); // Shared, not copied.
}

TEST_CASE_METHOD(transcript_world, "transcript: a long text of an earlier turn is whole") {
  const std::string text(3 * tables::chunk_bytes_max, 'x');
  REQUIRE(submit("r0", text));
  close();
  const auto all = read(1u << 20);
  REQUIRE(all.earlier->size() == 2);
  CHECK((all.earlier->front().text == text));
}

} // namespace troupe::test
