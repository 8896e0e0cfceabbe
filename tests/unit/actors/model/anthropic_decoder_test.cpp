#include "actors/model/anthropic_messages/reasoning.hpp"
#include "tests/unit/actors/model/decoder_world.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <catch2/catch.hpp>
#include <rapidcheck.h>

namespace troupe::test {
namespace {

using namespace model;

struct anthropic_world : decoder_world {
  anthropic_world() { provider.api = config::provider_api::anthropic_messages; }
};

std::string typed(std::string_view type, std::string_view members = {}) {
  return fmt::format("event: {}\ndata: {{\"type\":\"{}\"{}}}\n\n", type, type, members);
}

std::string start(int index, std::string_view block) {
  return typed("content_block_start",
               fmt::format(",\"index\":{},\"content_block\":{}", index, block));
}
std::string piece(int index, std::string_view delta) {
  return typed("content_block_delta", fmt::format(",\"index\":{},\"delta\":{}", index, delta));
}
std::string stop(int index) {
  return typed("content_block_stop", fmt::format(",\"index\":{}", index));
}
std::string text_block(int index, std::string_view text) {
  return start(index, R"({"type":"text","text":""})") +
         piece(index, fmt::format(R"({{"type":"text_delta","text":"{}"}})", text)) + stop(index);
}
std::string arguments(int index, std::string_view json_text) {
  return piece(index, fmt::format(R"({{"type":"input_json_delta","partial_json":{}}})", json_text));
}
std::string ends(std::string_view reason) {
  return typed("message_delta",
               fmt::format(R"(,"delta":{{"stop_reason":"{}","stop_sequence":null}},)"
                           R"("usage":{{"output_tokens":15}})",
                           reason)) +
         typed("message_stop");
}

const std::string begins =
    typed("message_start",
          R"(,"message":{"id":"msg_1","type":"message","role":"assistant","content":[],)"
          R"("stop_reason":null,"usage":{"input_tokens":25,"cache_creation_input_tokens":7,)"
          R"("cache_read_input_tokens":60,"output_tokens":1}})") +
    typed("ping");

const std::string plain_answer =
    begins + start(0, R"({"type":"text","text":""})") +
    piece(0, R"({"type":"text_delta","text":"Hello "})") + typed("ping") +
    piece(0, R"({"type":"text_delta","text":"wörld\n"})") + stop(0) + ends("end_turn");

const std::string thoughtful_answer =
    begins + start(0, R"({"type":"thinking","thinking":"","signature":""})") +
    piece(0, R"({"type":"thinking_delta","thinking":"hm, "})") +
    piece(0, R"({"type":"thinking_delta","thinking":"\"so\""})") +
    piece(0, R"({"type":"signature_delta","signature":"EqQB/+=="})") + stop(0) +
    start(1, R"({"type":"redacted_thinking","data":"opaque=="})") + stop(1) +
    text_block(2, "I look.") +
    start(3, R"({"type":"tool_use","id":"toolu_1","name":"read","input":{}})") +
    arguments(3, R"("")") + arguments(3, R"("{\"pa")") + arguments(3, R"("th\": \"x.md\"}")") +
    stop(3) + start(4, R"({"type":"thinking","thinking":"more","signature":""})") +
    piece(4, R"({"type":"signature_delta","signature":"s2"})") + stop(4) +
    start(5, R"({"type":"tool_use","id":"toolu_2","name":"ls","input":{}})") + stop(5) +
    ends("tool_use");

} // namespace

TEST_CASE("anthropic decoder: a plain answer, its usage and its id", "[model]") {
  const auto answer = anthropic_world{}.read(plain_answer);

  REQUIRE_FALSE(answer.failed());
  CHECK(answer.text == "Hello wörld\n");
  CHECK(answer.result().text == answer.text);
  CHECK(answer.result().stop_reason == stop_reason::stop);
  CHECK(answer.result().usage == model_usage{25, 15, 60, 7});
  CHECK(answer.result().response_id == "msg_1");
  CHECK(answer.finishes == std::vector{stop_reason::stop});
}

TEST_CASE("anthropic decoder: usage of message_delta replaces what was told before", "[model]") {
  const auto answer = anthropic_world{}.read(
      begins + text_block(0, "x") +
      typed("message_delta", R"(,"delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":30,)"
                             R"("cache_read_input_tokens":null,"output_tokens":9})") +
      typed("message_stop"));

  CHECK(answer.result().usage == model_usage{30, 9, 60, 7});
}

TEST_CASE("anthropic decoder: thoughts, text and calls", "[model]") {
  const auto answer = anthropic_world{}.read(thoughtful_answer);

  REQUIRE_FALSE(answer.failed());
  CHECK(answer.text == "I look.");
  CHECK(answer.thinking == "hm, \"so\"more");
  CHECK(answer.result().stop_reason == stop_reason::tool_use);
  CHECK(answer.calls == std::vector<tool_call>{{"toolu_1", "read", R"({"path": "x.md"})"},
                                               {"toolu_2", "ls", "{}"}});
  CHECK(boost::json::parse(answer.result().reasoning) == boost::json::parse(R"([
    [0, 0, {"type": "thinking", "thinking": "hm, \"so\"", "signature": "EqQB/+=="}],
    [0, 0, {"type": "redacted_thinking", "data": "opaque=="}],
    [7, 1, {"type": "thinking", "thinking": "more", "signature": "s2"}]])"));
  CHECK(anthropic_messages::read_reasoning(answer.result().reasoning).size() == 3);
}

TEST_CASE("anthropic decoder: thoughts are kept only for a round of tools", "[model]") {
  const auto answer = anthropic_world{}.read(
      begins + start(0, R"({"type":"thinking","thinking":"hm","signature":"s"})") + stop(0) +
      text_block(1, "Yes") + ends("end_turn"));

  CHECK(answer.thinking == "hm");
  CHECK(answer.result().reasoning.empty());
}

TEST_CASE("anthropic decoder: thoughts over their bound are forgotten as a whole", "[model]") {
  const auto thought = [](int index, std::size_t bytes) {
    return start(index, R"({"type":"thinking","thinking":"","signature":"s"})") +
           piece(index, fmt::format(R"({{"type":"thinking_delta","thinking":"{}"}})",
                                    std::string(bytes, 't'))) +
           stop(index);
  };
  const auto call =
      start(9, R"({"type":"tool_use","id":"a","name":"ls","input":{}})") + ends("tool_use");
  const anthropic_world world;

  const auto fits = world.read(begins + thought(0, reasoning_bytes_max - 200) + call);
  const auto over =
      world.read(begins + thought(0, reasoning_bytes_max - 200) + thought(1, 200) + call);
  const auto far_over = world.read(begins + thought(0, 800'000) + thought(1, 800'000) + call);

  CHECK(fits.result().reasoning.size() > reasoning_bytes_max - 200);
  CHECK(fits.result().reasoning.size() <= reasoning_bytes_max);
  for (const auto* answer : {&over, &far_over}) {
    REQUIRE_FALSE(answer->failed());
    CHECK(answer->result().reasoning.empty());
    CHECK(answer->calls.size() == 1);
  }
}

TEST_CASE("anthropic decoder: cutting the stream anywhere changes nothing", "[model]") {
  const anthropic_world world;
  for (const auto& stream : {plain_answer, thoughtful_answer, event("{broken") + plain_answer}) {
    const auto whole = world.read(stream);
    for (std::size_t bytes = 1; bytes < 200; ++bytes)
      CHECK(same(world.read(stream, bytes), whole));
  }
}

TEST_CASE("anthropic decoder: a tool call's input may come whole, or not at all", "[model]") {
  const anthropic_world world;
  const auto call = [&](std::string_view block, std::string_view rest = {}) {
    return world.read(begins + start(0, block) + std::string{rest} + stop(0) + ends("tool_use"))
        .calls.at(0)
        .arguments_json;
  };

  CHECK(call(R"({"type":"tool_use","id":"a","name":"n","input":{"a": 1}})") == R"({"a": 1})");
  CHECK(call(R"({"type":"tool_use","id":"a","name":"n"})") == "{}");
  CHECK(call(R"({"type":"tool_use","id":"a","name":"n","input":{"a": 1}})",
             arguments(0, R"("{\"b\": 2}")")) == R"({"b": 2})");
}

TEST_CASE("anthropic decoder: why it stopped", "[model]") {
  struct row {
    std::string_view told;
    stop_reason reason;
  };
  const auto expected =
      GENERATE(row{"end_turn", stop_reason::stop}, row{"stop_sequence", stop_reason::stop},
               row{"pause_turn", stop_reason::stop}, row{"max_tokens", stop_reason::length},
               row{"model_context_window_exceeded", stop_reason::length},
               row{"something_new", stop_reason::stop});
  CAPTURE(expected.told);

  const auto answer = anthropic_world{}.read(begins + text_block(0, "x") + ends(expected.told));

  REQUIRE_FALSE(answer.failed());
  CHECK(answer.result().stop_reason == expected.reason);
}

TEST_CASE("anthropic decoder: a cut-off answer keeps its text and drops its half tool calls",
          "[model]") {
  const auto answer =
      anthropic_world{}.read(begins + text_block(0, "I will") +
                             start(1, R"({"type":"tool_use","id":"a","name":"read","input":{}})") +
                             arguments(1, R"("{\"pa")") + stop(1) + ends("max_tokens"));

  REQUIRE_FALSE(answer.failed());
  CHECK(answer.result().stop_reason == stop_reason::length);
  CHECK(answer.result().text == "I will");
  CHECK(answer.calls.empty());
}

TEST_CASE("anthropic decoder: a refusal of the model is one", "[model]") {
  const auto answer = anthropic_world{}.read(begins + text_block(0, "I ca") + ends("refusal"));

  REQUIRE(answer.failed());
  CHECK(answer.failure().kind == failure_kind::refusal);
  CHECK_FALSE(answer.failure().retryable);
}

TEST_CASE("anthropic decoder: errors inside the stream, by their type", "[model]") {
  struct row {
    std::string_view type;
    failure_kind kind;
    bool retryable;
    unsigned status;
  };
  const auto expected = GENERATE(row{"overloaded_error", failure_kind::server, true, 529},
                                 row{"api_error", failure_kind::server, true, 500},
                                 row{"rate_limit_error", failure_kind::rate_limit, true, 429},
                                 row{"timeout_error", failure_kind::timeout, true, 504},
                                 row{"authentication_error", failure_kind::auth, false, 401},
                                 row{"permission_error", failure_kind::auth, false, 403},
                                 row{"billing_error", failure_kind::auth, false, 200},
                                 row{"invalid_request_error", failure_kind::unknown, false, 400},
                                 row{"request_too_large", failure_kind::context_length, false, 413},
                                 row{"a_new_error", failure_kind::server, true, 200});
  CAPTURE(expected.type);

  const auto answer = anthropic_world{}.read(
      begins + text_block(0, "Hel") +
      typed("error", fmt::format(R"(,"error":{{"type":"{}","message":"Oh no"}})", expected.type)));

  REQUIRE(answer.failed());
  CHECK(answer.failure().kind == expected.kind);
  CHECK(answer.failure().retryable == expected.retryable);
  CHECK(answer.failure().http_status == expected.status);
  CHECK(contains(answer.failure().message, "Oh no"));
  CHECK(answer.text == "Hel");
}

TEST_CASE("anthropic decoder: refusals before the stream", "[model]") {
  anthropic_world world;
  const auto refused = [&](unsigned status, std::string_view type, std::string_view message) {
    world.status = status;
    return world
        .read(fmt::format(R"({{"type":"error","error":{{"type":"{}","message":"{}"}},)"
                          R"("request_id":"req_1"}})",
                          type, message))
        .failure();
  };

  const auto busy = refused(529, "overloaded_error", "Overloaded");
  CHECK(busy.kind == failure_kind::server);
  CHECK(busy.retryable);
  CHECK(contains(busy.message, "529"));
  CHECK(refused(400, "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum").kind ==
        failure_kind::context_length);
  const auto funds = refused(400, "invalid_request_error",
                             "Your credit balance is too low to access the Anthropic API.");
  CHECK(funds.kind == failure_kind::auth);
  CHECK_FALSE(funds.retryable);
  world.headers = {{"retry-after", "3"}};
  const auto limited = refused(429, "rate_limit_error", "slow down");
  CHECK(limited.kind == failure_kind::rate_limit);
  CHECK(limited.retry_after == std::chrono::milliseconds{3'000});
}

TEST_CASE("anthropic decoder: no key gets into a message", "[model]") {
  anthropic_world world;
  world.status = 401;
  world.provider.api_key = secret{"topsecret-value"};

  const auto message =
      world
          .read(R"({"error":{"message":"invalid x-api-key topsecret-value, sk-ant-api03-abcdef"}})")
          .failure()
          .message;

  CHECK(contains(message, "invalid x-api-key ***, ***"));
}

TEST_CASE("anthropic decoder: a stream that just ends is a lost connection", "[model]") {
  const anthropic_world world;
  for (const auto& stream :
       {std::string{}, begins, begins + text_block(0, "Hel"), begins + "data: {\"type\":\"mess"}) {
    const auto answer = world.read(stream);

    REQUIRE(answer.failed());
    CHECK(answer.failure().kind == failure_kind::connection);
    CHECK(answer.failure().retryable);
    CHECK(answer.finishes.empty());
  }
}

TEST_CASE("anthropic decoder: a stop reason and an orderly end are enough", "[model]") {
  auto stream = plain_answer;
  stream.resize(stream.rfind("event: message_stop"));
  anthropic_world world;

  CHECK(world.read(stream).finishes.size() == 1);
  world.done = error{errc::connection_lost, "reset"};
  CHECK(world.read(stream).failure().kind == failure_kind::connection);
  CHECK(world.read(plain_answer + "data: nonsense\n\n").text == "Hello wörld\n");
}

TEST_CASE("anthropic decoder: what it does not know is skipped", "[model]") {
  const auto answer = anthropic_world{}.read(
      begins + typed("a_new_event", R"(,"index":7,"delta":{"text":"no"},"x":[{"y":1}])") +
      text_block(0, "yes") + ends("end_turn"));
  const auto blocks = anthropic_world{}.read(
      begins + start(0, R"({"type":"server_tool_use","id":"s","name":"web_search","input":{}})") +
      arguments(0, R"("{}")") + stop(0) + start(1, R"({"type":"text","text":"from "})") +
      piece(1, R"({"type":"citations_delta","citation":{"url":"x"}})") +
      piece(1, R"({"type":"text_delta","text":"here"})") + stop(1) + ends("end_turn"));

  REQUIRE_FALSE(answer.failed());
  CHECK(answer.text == "yes");
  REQUIRE_FALSE(blocks.failed());
  CHECK(blocks.text == "from here");
  CHECK(blocks.calls.empty());
}

TEST_CASE("anthropic decoder: nonsense is bad_response, once and for all", "[model]") {
  const std::string bad =
      GENERATE(as<std::string>{}, "{", "[]", "nonsense", R"({"type":1})",
               R"({"type":"content_block_delta","index":0,"delta":{"text":"x"}})",
               R"({"type":"content_block_start","content_block":[]})",
               R"({"type":"message_delta","usage":{"output_tokens":-1}})", "{\"type\":\"\xff\"}");
  CAPTURE(bad);

  const auto answer = anthropic_world{}.read(event(bad) + plain_answer);

  REQUIRE(answer.failed());
  CHECK(answer.failure().kind == failure_kind::bad_response);
  CHECK_FALSE(answer.failure().retryable);
  CHECK(answer.text.empty());
}

TEST_CASE("anthropic decoder: a piece of a block that is not open is bad_response", "[model]") {
  const auto other =
      anthropic_world{}.read(begins + start(0, R"({"type":"text","text":""})") +
                             piece(1, R"({"type":"text_delta","text":"x"})") + ends("end_turn"));
  const auto closed = anthropic_world{}.read(begins + text_block(0, "x") +
                                             piece(0, R"({"type":"text_delta","text":"x"})"));

  CHECK(other.failure().kind == failure_kind::bad_response);
  CHECK(closed.failure().kind == failure_kind::bad_response);
}

TEST_CASE("anthropic decoder: tool calls and their arguments are bounded", "[model]") {
  const anthropic_world world;
  const auto call = [](std::size_t index) {
    return start(static_cast<int>(index),
                 fmt::format(R"({{"type":"tool_use","id":"i{}","name":"n","input":{{}}}})", index));
  };
  std::string most = begins;
  for (std::size_t i = 0; i < tool_calls_max; ++i)
    most += call(i);
  const auto half = '"' + std::string(tool_arguments_bytes_max / 2, 'x') + '"';

  CHECK(world.read(most + ends("tool_use")).calls.size() == tool_calls_max);
  CHECK(world.read(most + call(tool_calls_max) + ends("tool_use")).failed());
  const auto full = begins + call(0) + arguments(0, half) + arguments(0, half);
  CHECK(world.read(full + ends("tool_use")).calls.size() == 1);
  CHECK(world.read(full + arguments(0, R"("x")")).failure().kind == failure_kind::bad_response);
}

TEST_CASE("anthropic decoder: a tool call without a name is bad_response", "[model]") {
  const auto answer = anthropic_world{}.read(
      begins + start(0, R"({"type":"tool_use","id":"a","input":{}})") + ends("tool_use"));

  CHECK(answer.failure().kind == failure_kind::bad_response);
}

TEST_CASE("anthropic decoder: cancelling gives the text so far as aborted", "[model]") {
  anthropic_world world;
  world.done = error{errc::cancelled, "cancelled"};

  const auto answer = world.read(begins + text_block(0, "Hel"));

  REQUIRE_FALSE(answer.failed());
  CHECK(answer.result().stop_reason == stop_reason::aborted);
  CHECK(answer.result().text == "Hel");
}

TEST_CASE("anthropic decoder: random pieces of sound streams and of broken ones", "[model]") {
  CHECK(rc::check("same outcome", [] {
    const auto middle = *rc::gen::arbitrary<std::string>();
    const auto at = *rc::gen::inRange<std::size_t>(0, thoughtful_answer.size());
    const auto stream = thoughtful_answer.substr(0, at) + middle + thoughtful_answer.substr(at);
    const auto sizes =
        *rc::gen::nonEmpty(rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange(1, 60)));
    const anthropic_world world;
    std::size_t turn = 0;
    const auto next = [&] { return sizes[turn++ % sizes.size()]; };
    RC_ASSERT(same(world.read_pieces(stream, next), world.read(stream)));
  }));
}

} // namespace troupe::test
