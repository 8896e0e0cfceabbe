#include "tests/unit/actors/model/decoder_world.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

namespace troupe::test {
namespace {

using namespace model;

const std::string usage_chunk =
    event(R"({"id":"cmpl-1","choices":[],"usage":{"prompt_tokens":100,"completion_tokens":7,)"
          R"("prompt_tokens_details":{"cached_tokens":60},"total_tokens":107}})");

const std::string plain_answer = delta(R"("role":"assistant","content":"")") +
                                 delta(R"("content":"Hello ")") + delta(R"("content":"wörld\n")") +
                                 delta("", R"("stop")") + usage_chunk + stream_done;

const std::string tool_answer =
    delta(
        R"("content":null,"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"read","arguments":""}}])") +
    delta(R"("tool_calls":[{"index":1,"id":"b","function":{"name":"ls","arguments":"{}"}}])") +
    delta(R"("tool_calls":[{"index":0,"function":{"arguments":"{\"path\":"}}])") +
    delta(R"("tool_calls":[{"index":0,"function":{"arguments":"\"x.md\"}"}}])") +
    delta("", R"("tool_calls")") + stream_done;

} // namespace

TEST_CASE("openai decoder: a plain answer, its usage and its id", "[model]") {
  const auto answer = decoder_world{}.read(plain_answer);

  REQUIRE_FALSE(answer.failed());
  CHECK(answer.text == "Hello wörld\n");
  CHECK(answer.result().text == answer.text);
  CHECK(answer.result().stop_reason == stop_reason::stop);
  CHECK(answer.result().usage == model_usage{40, 7, 60, 0});
  CHECK(answer.result().response_id == "cmpl-1");
  CHECK(answer.finishes == std::vector{stop_reason::stop});
}

TEST_CASE("openai decoder: tool calls are put together by index", "[model]") {
  const auto answer = decoder_world{}.read(tool_answer);

  REQUIRE_FALSE(answer.failed());
  CHECK(answer.result().stop_reason == stop_reason::tool_use);
  CHECK(answer.calls ==
        std::vector<tool_call>{{"a", "read", R"({"path":"x.md"})"}, {"b", "ls", "{}"}});
  CHECK(answer.result().tool_calls == answer.calls);
}

TEST_CASE("openai decoder: cutting the stream anywhere changes nothing", "[model]") {
  const decoder_world world;
  for (const auto& stream : {plain_answer, tool_answer, event("{broken") + plain_answer}) {
    const auto whole = world.read(stream);
    for (std::size_t bytes = 1; bytes < 200; ++bytes)
      CHECK(same(world.read(stream, bytes), whole));
  }
}

TEST_CASE("openai decoder: tool calls without index, id or arguments", "[model]") {
  const auto answer = decoder_world{}.read(
      delta(R"("tool_calls":[{"id":"x","function":{"name":"one","arguments":{"a": 1}}}])") +
      delta(R"("tool_calls":[{"id":"y","function":{"name":"two"}}])") +
      delta(R"("tool_calls":[{"function":{"arguments":"{}"}}])") +
      delta(R"("tool_calls":[{"index":9,"function":{"name":"three"}}])") +
      delta(R"("tool_calls":[{"index":10,"id":"x","function":{"name":"four"}}])", R"("stop")") +
      stream_done);

  REQUIRE_FALSE(answer.failed());
  CHECK(answer.result().stop_reason == stop_reason::tool_use);
  CHECK(answer.calls == std::vector<tool_call>{{"x", "one", R"({"a": 1})"},
                                               {"y", "two", "{}"},
                                               {"call_cmpl-1_2", "three", "{}"},
                                               {"call_cmpl-1_3", "four", "{}"}});
}

TEST_CASE("openai decoder: a cut-off answer keeps its text and drops its half tool calls",
          "[model]") {
  const auto answer = decoder_world{}.read(
      delta(R"("content":"I will")") +
      delta(
          R"("tool_calls":[{"index":0,"id":"a","function":{"name":"read","arguments":"{\"pa"}}])") +
      delta("", R"("length")") + stream_done);

  REQUIRE_FALSE(answer.failed());
  CHECK(answer.result().stop_reason == stop_reason::length);
  CHECK(answer.result().text == "I will");
  CHECK(answer.calls.empty());
}

TEST_CASE("openai decoder: reasoning is not part of the answer", "[model]") {
  const auto answer =
      decoder_world{}.read(delta(R"("reasoning_content":"hm, ")") + delta(R"("reasoning":"so")") +
                           delta(R"("content":"Yes")", R"("stop")") + stream_done);

  CHECK(answer.thinking == "hm, so");
  CHECK(answer.text == "Yes");
}

TEST_CASE("openai decoder: a stream that just ends is a lost connection", "[model]") {
  const decoder_world world;
  for (const auto& stream : {std::string{}, delta(R"("content":"Hel")"),
                             delta(R"("content":"Hel")") + "data: {\"choices\":[{\"del"}) {
    const auto answer = world.read(stream);

    REQUIRE(answer.failed());
    CHECK(answer.failure().kind == failure_kind::connection);
    CHECK(answer.failure().retryable);
    CHECK(answer.finishes.empty());
  }
}

TEST_CASE("openai decoder: a finish_reason and an orderly end are enough", "[model]") {
  const decoder_world world;
  const auto without_done = world.read(delta(R"("content":"Hi")", R"("stop")"));
  const auto unfinished_line = world.read(delta(R"("content":"Hi")", R"("stop")") + "data: [DONE]");

  for (const auto& answer : {without_done, unfinished_line}) {
    REQUIRE_FALSE(answer.failed());
    CHECK(answer.result().text == "Hi");
    CHECK(answer.finishes.size() == 1);
  }
}

TEST_CASE("openai decoder: a finish_reason does not make a broken connection whole", "[model]") {
  decoder_world world;
  world.done = error{errc::connection_lost, "reset"};

  const auto answer = world.read(delta(R"("content":"Hi")", R"("stop")"));

  REQUIRE(answer.failed());
  CHECK(answer.failure().kind == failure_kind::connection);
}

TEST_CASE("openai decoder: what comes behind [DONE] does not matter", "[model]") {
  decoder_world world;
  world.done = error{errc::connection_lost, "reset"};

  const auto answer = world.read(plain_answer + "data: nonsense\n\n");

  REQUIRE_FALSE(answer.failed());
  CHECK(answer.text == "Hello wörld\n");
}

TEST_CASE("openai decoder: nonsense is bad_response, once and for all", "[model]") {
  const std::string bad = GENERATE(as<std::string>{}, "{", "[]", "nonsense", R"({"choices":{}})",
                                   R"({"choices":[{"delta":{"content":1}}]})",
                                   R"({"choices":[{"delta":{"content":"a"}}]} x)",
                                   "{\"id\":\"\xff\"}", R"({"usage":{"prompt_tokens":-1}})");
  CAPTURE(bad);

  const auto answer = decoder_world{}.read(event(bad) + plain_answer);

  REQUIRE(answer.failed());
  CHECK(answer.failure().kind == failure_kind::bad_response);
  CHECK_FALSE(answer.failure().retryable);
  CHECK(answer.text.empty());
}

TEST_CASE("openai decoder: JSON instead of a stream is bad_response", "[model]") {
  decoder_world world;
  world.headers = {{"content-type", "application/json; charset=utf-8"}};

  const auto answer = world.read(R"({"choices":[{"message":{"content":"Hi"}}]})");

  REQUIRE(answer.failed());
  CHECK(answer.failure().kind == failure_kind::bad_response);
  CHECK(contains(answer.failure().message, "without streaming"));
}

TEST_CASE("openai decoder: tool calls and their arguments are bounded", "[model]") {
  const decoder_world world;
  const auto call = [](std::size_t index, std::string_view arguments) {
    return delta(fmt::format(
        R"("tool_calls":[{{"index":{},"id":"i{}","function":{{"name":"n","arguments":"{}"}}}}])",
        index, index, arguments));
  };
  const auto finish = delta("", R"("tool_calls")") + stream_done;
  std::string most;
  for (std::size_t i = 0; i < tool_calls_max; ++i)
    most += call(i, "{}");

  CHECK(world.read(most + finish).calls.size() == tool_calls_max);
  CHECK(world.read(most + call(tool_calls_max, "{}") + finish).failed());

  const std::string half(tool_arguments_bytes_max / 2, 'x');
  CHECK(world.read(call(0, half) + call(0, half) + finish).calls.size() == 1);
  const auto over = world.read(call(0, half) + call(0, half) + call(0, "x") + finish);
  REQUIRE(over.failed());
  CHECK(over.failure().kind == failure_kind::bad_response);
}

TEST_CASE("openai decoder: a tool call without a name is bad_response", "[model]") {
  const auto answer = decoder_world{}.read(
      delta(R"("tool_calls":[{"index":0,"id":"a","function":{"arguments":"{}"}}])",
            R"("tool_calls")") +
      stream_done);

  REQUIRE(answer.failed());
  CHECK(answer.failure().kind == failure_kind::bad_response);
}

TEST_CASE("openai decoder: an error inside the stream", "[model]") {
  const decoder_world world;
  const auto server = world.read(delta(R"("content":"Hel")") +
                                 event(R"({"error":{"message":"upstream died","code":502}})"));
  const auto limited =
      world.read(event(R"({"error":{"message":"slow down","type":"rate_limit_error"}})"));
  const auto text = world.read(event(R"({"error":"boom"})"));

  REQUIRE(server.failed());
  CHECK(server.failure().kind == failure_kind::server);
  CHECK(server.failure().retryable);
  CHECK(contains(server.failure().message, "upstream died"));
  CHECK(limited.failure().kind == failure_kind::rate_limit);
  CHECK(contains(text.failure().message, "boom"));
}

TEST_CASE("openai decoder: the content filter is a refusal", "[model]") {
  const auto answer =
      decoder_world{}.read(delta(R"("content":"I")", R"("content_filter")") + stream_done);

  REQUIRE(answer.failed());
  CHECK(answer.failure().kind == failure_kind::refusal);
  CHECK_FALSE(answer.failure().retryable);
}

TEST_CASE("openai decoder: cancelling gives the text so far as aborted", "[model]") {
  decoder_world world;
  world.done = error{errc::cancelled, "cancelled"};

  const auto answer = world.read(delta(R"("content":"Hel")"));

  REQUIRE_FALSE(answer.failed());
  CHECK(answer.result().stop_reason == stop_reason::aborted);
  CHECK(answer.result().text == "Hel");
}

TEST_CASE("openai decoder: any bytes are read or refused, however they are cut", "[model]") {
  CHECK(rc::check("same outcome", [] {
    const auto middle = *rc::gen::arbitrary<std::string>();
    const auto at = *rc::gen::inRange<std::size_t>(0, tool_answer.size());
    const auto stream = tool_answer.substr(0, at) + middle + tool_answer.substr(at);
    const auto bytes = *rc::gen::inRange<std::size_t>(1, 50);
    const decoder_world world;
    RC_ASSERT(same(world.read(stream, bytes), world.read(stream)));
  }));
}

} // namespace troupe::test
