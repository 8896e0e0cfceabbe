#include "actors/model/demo/demo.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

namespace troupe::test {
namespace {

using namespace model;
using std::chrono::milliseconds;

model_request saying(std::string text) {
  model_request out;
  out.messages = {{.role = role::user, .text = std::move(text)}};
  out.tools = {{"session_status", "", ""}, {"ls", "", ""}, {"read", "", ""}};
  return out;
}

std::string text_of(const demo::demo_plan& plan) {
  std::string out;
  for (const auto& step : plan.steps)
    if (const auto* text = std::get_if<text_delta>(&step.event))
      out += text->text;
  return out;
}

milliseconds duration_of(const demo::demo_plan& plan) {
  milliseconds out{0};
  for (const auto& step : plan.steps)
    out += step.delay;
  return out;
}

/// The one tool call that `text` leads to.
tool_call call_for(const std::string& text) {
  const auto plan = demo::plan(saying(text));
  CHECK(plan.result.stop_reason == stop_reason::tool_use);
  REQUIRE(plan.result.tool_calls.size() == 1);
  return plan.result.tool_calls[0];
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

} // namespace

TEST_CASE("demo: says that it is the demo and no key is configured", "[model]") {
  const auto plan = demo::plan(saying("Hello there"));

  CHECK(contains(plan.result.text, "\"Hello there\""));
  CHECK(contains(plan.result.text, "built-in demo model"));
  CHECK(contains(plan.result.text, "no provider key is configured"));
  CHECK(text_of(plan) == plan.result.text);
  CHECK(plan.steps.size() > 20);
  CHECK(std::holds_alternative<finished>(plan.steps.back().event));
  CHECK(plan.result.stop_reason == stop_reason::stop);
}

TEST_CASE("demo: the same conversation gets the same answer", "[model]") {
  const auto one = demo::plan(saying("Hello"));
  const auto two = demo::plan(saying("Hello"));
  CHECK(one.result.text == two.result.text);
  CHECK(one.steps.size() == two.steps.size());
}

TEST_CASE("demo: calls the tool that is asked for", "[model]") {
  CHECK(call_for("What time is it?").name == "session_status");
  CHECK(call_for("please list the files").name == "ls");
  CHECK(call_for("list files").arguments_json == R"({"path":"."})");
  CHECK(call_for("read NOTES").arguments_json == R"({"path":"NOTES"})");
  CHECK(call_for("Could you read \"a/b.md\"?").arguments_json == R"({"path":"a/b.md"})");
  CHECK(boost::json::parse(call_for("read a\"b\\c.txt").arguments_json).at("path") ==
        "a\"b\\c.txt");
}

TEST_CASE("demo: does not call tools for talk, nor tools it was not given", "[model]") {
  CHECK(demo::plan(saying("I read a book")).result.tool_calls.empty());
  CHECK(demo::plan(saying("read")).result.tool_calls.empty());
  auto request = saying("what time is it");
  request.tools.clear();

  const auto plan = demo::plan(request);

  CHECK(plan.result.tool_calls.empty());
  CHECK(contains(plan.result.text, "session_status"));
}

TEST_CASE("demo: answers from the tools' results", "[model]") {
  auto request = saying("what time is it");
  request.messages.push_back({.role = role::assistant,
                              .tool_calls = {{"c1", "session_status", "{}"}, {"c2", "ls", "{}"}}});
  request.messages.push_back({.role = role::tool_result, .text = "12:34", .tool_call_id = "c1"});
  request.messages.push_back(
      {.role = role::tool_result, .text = "no such", .tool_call_id = "c2", .is_error = true});

  const auto plan = demo::plan(request);

  CHECK(plan.result.stop_reason == stop_reason::stop);
  CHECK(contains(plan.result.text, "session_status says:\n12:34"));
  CHECK(contains(plan.result.text, "ls failed:\nno such"));
}

TEST_CASE("demo: tool call ids are unique in a conversation", "[model]") {
  auto request = saying("what time is it");
  const auto first = demo::plan(request).result.tool_calls.at(0).id;
  request.messages.push_back({.role = role::assistant, .text = "noon"});
  request.messages.push_back({.role = role::user, .text = "and now, what time is it?"});

  CHECK(demo::plan(request).result.tool_calls.at(0).id != first);
}

TEST_CASE("demo: remembers what was said before", "[model]") {
  auto request = saying("my name is Ada");
  request.messages.push_back({.role = role::assistant, .text = "hello"});
  request.messages.push_back({.role = role::user, .text = "What did I say?"});

  CHECK(contains(demo::plan(request).result.text, "my name is Ada"));
  CHECK(contains(demo::plan(saying("what did I say")).result.text, "first thing"));
}

TEST_CASE("demo: /slow spreads its words over exactly that time", "[model]") {
  for (const auto& [text, ms] :
       {std::pair{"/slow 10s", 10'000}, std::pair{"/slow 1500ms", 1'500},
        std::pair{"/slow 7", 7'000}, std::pair{"/slow 10m", 600'000},
        std::pair{"/slow 11m", 600'000}, std::pair{"/slow", 10'000},
        std::pair{"/slow 4294967295m", 600'000}, std::pair{"/slow 0s", 0}}) {
    CAPTURE(text);
    const auto plan = demo::plan(saying(text));
    CHECK(duration_of(plan) == milliseconds{ms});
    CHECK(text_of(plan) == plan.result.text);
    CHECK(plan.steps.size() < 3'000);
  }
}

TEST_CASE("demo: long and broken texts are quoted in part and whole sequences", "[model]") {
  std::string text;
  for (int i = 0; i < 3'000; ++i)
    text += "ä";

  const auto plan = demo::plan(saying(text));

  CHECK(plan.result.text.size() < 3'000);
  CHECK(contains(plan.result.text, "6000 bytes in all"));
}

TEST_CASE("demo: an empty request is answered too", "[model]") {
  CHECK_FALSE(demo::plan({}).result.text.empty());
}

} // namespace troupe::test
