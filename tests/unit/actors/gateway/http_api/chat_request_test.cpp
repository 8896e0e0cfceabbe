#include "actors/conversation/limits.hpp"
#include "tests/unit/actors/gateway/http_api/api_world.hpp"

#include <fmt/format.h>

namespace troupe::gateway::http_api {

using tables::message_role;

TEST_CASE_METHOD(api_world, "chat request: the last words are the input, the rest is history",
                 "[http_api]") {
  const auto request = chat(R"({"messages":[
    {"role":"system","content":"be brief"},
    {"role":"user","content":"one"},
    {"role":"assistant","content":"first"},
    {"role":"developer","content":"be kind"},
    {"role":"user","content":[{"type":"text","text":"two"}]}]})");

  CHECK(request.model == "openclaw");
  CHECK(request.target.agent_id == "main");
  CHECK(request.target.session_key.empty());
  CHECK(request.instructions == "be brief\n\nbe kind");
  CHECK(request.text == "two");
  REQUIRE(request.turn.history.size() == 2);
  CHECK(request.turn.history[0].role == message_role::user);
  CHECK(request.turn.history[0].text == "one");
  CHECK(request.turn.history[1].role == message_role::assistant);
  CHECK(request.turn.history[1].text == "first");
  CHECK_FALSE(request.stream);
  CHECK(request.turn.options.empty());
}

TEST_CASE_METHOD(api_world, "chat request: several messages since the last answer are one input",
                 "[http_api]") {
  const auto request = chat(R"({"messages":[{"role":"user","content":"a"},
    {"role":"user","content":"b"},{"role":"assistant","content":"left out"}]})");

  CHECK(request.text == "a\n\nb");
  CHECK(request.turn.history.empty());
}

TEST_CASE_METHOD(api_world, "chat request: results of tools come back by the ids of their calls",
                 "[http_api]") {
  const auto request = chat(R"({"messages":[{"role":"user","content":"weather?"},
    {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function",
      "function":{"name":"get_weather","arguments":"{\"city\":\"Vienna\"}"}}]},
    {"role":"tool","tool_call_id":"c1","content":"rain"}]})");

  CHECK(request.text.empty());
  REQUIRE(request.turn.results.size() == 1);
  CHECK(request.turn.results[0].call_id == "c1");
  CHECK(request.turn.results[0].name == "get_weather");
  CHECK(request.turn.results[0].text == "rain");
  REQUIRE(request.turn.history.size() == 2);
  REQUIRE(request.turn.history[1].calls.size() == 1);
  CHECK(request.turn.history[1].calls[0].arguments == R"({"city":"Vienna"})");
}

TEST_CASE_METHOD(api_world, "chat request: what the caller wants of the answer", "[http_api]") {
  const auto request = chat(R"({"model":"openclaw/coder","stream":true,"temperature":0.5,
    "top_p":1,"max_tokens":5,"max_completion_tokens":7,"stream_options":{"include_usage":true},
    "messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":
      {"name":"f","description":"does f","parameters":{"type":"object"}}}]})");

  CHECK(request.model == "openclaw/coder");
  CHECK(request.target.agent_id == "coder");
  CHECK(request.stream);
  CHECK(request.include_usage);
  const auto& options = request.turn.options;
  CHECK(options.temperature == 0.5);
  CHECK(options.top_p == 1.0);
  CHECK(options.max_tokens == 7);
  REQUIRE(options.tools.size() == 1);
  CHECK(options.tools[0].name == "f");
  CHECK(options.tools[0].description == "does f");
  CHECK(options.tools[0].schema == R"({"type":"object"})");
  CHECK_FALSE(request.must_call());
}

TEST_CASE_METHOD(api_world, "chat request: a choice of tools", "[http_api]") {
  const auto with_choice = [&](std::string_view choice) {
    return fmt::format(R"({{"messages":[{{"role":"user","content":"x"}}],"tool_choice":{},"tools":[
      {{"type":"function","function":{{"name":"f"}}}},{{"type":"function","function":{{"name":"g"}}}}]}})",
                       choice);
  };

  CHECK(chat(with_choice(R"("auto")")).turn.options.tools.size() == 2);
  CHECK(chat(with_choice("null")).turn.options.tools.size() == 2);
  CHECK(chat(with_choice(R"("none")")).turn.options.tools.empty());
  CHECK(chat(with_choice(R"("required")")).must_call());
  const auto named = chat(with_choice(R"({"type":"function","function":{"name":"g"}})"));
  CHECK(named.must_call());
  REQUIRE(named.turn.options.tools.size() == 1);
  CHECK(named.turn.options.tools[0].name == "g");
  for (const auto* wrong : {R"("maybe")", "5", R"({"type":"function","function":{"name":"h"}})"})
    CHECK(chat_error(with_choice(wrong)).status == 400);
}

TEST_CASE_METHOD(api_world, "chat request: a user or a key names the session", "[http_api]") {
  const auto* body = R"({"user":"alice","messages":[{"role":"user","content":"x"}]})";
  CHECK(chat(body).target.session_key == "agent:main:openai-user:alice");

  headers = {{"x-openclaw-session-key", "agent:coder:project"}};
  CHECK(chat(body).target.session_key == "agent:coder:project");
  CHECK(chat(body).target.agent_id == "coder");

  headers = {{"x-openclaw-agent-id", "coder"}, {"x-openclaw-session-key", "project"}};
  CHECK(chat(body).target.session_key == "agent:coder:project");
}

TEST_CASE_METHOD(api_world, "chat request: refused as the reference refuses it", "[http_api]") {
  const auto says = [&](std::string_view body, std::string_view message, unsigned status = 400) {
    const auto failure = chat_error(body);
    CHECK(failure.message == message);
    CHECK(failure.status == status);
    CHECK(failure.type == "invalid_request_error");
  };
  constexpr std::string_view hi = R"({"messages":[{"role":"user","content":"hi"}]})";

  says("{}", "Missing user message in `messages`.");
  says(R"({"messages":[{"role":"system","content":"x"}]})", "Missing user message in `messages`.");
  says(R"({"model":"health-check","messages":[]})",
       "Invalid `model`. Use `openclaw` or `openclaw/<agentId>`.");
  says(R"({"model":5})", "Invalid `model`. Use `openclaw` or `openclaw/<agentId>`.");
  says(R"({"model":"openclaw/nope"})", "Unknown agent 'nope'.");
  says(R"({"temperature":9})", "`temperature` must be between 0 and 2.");
  says(R"({"temperature":"warm"})", "`temperature` must be between 0 and 2.");
  says(R"({"top_p":-0.1})", "`top_p` must be between 0 and 1.");
  says(R"({"presence_penalty":3})", "`presence_penalty` must be between -2 and 2.");
  says(R"({"max_tokens":0})", "`max_tokens` must be a positive integer.");
  for (const auto* key : {"subagent:x", "agent:main:cron:1", "ACP:y"}) {
    headers = {{"x-openclaw-session-key", key}};
    says(hi, "`x-openclaw-session-key` cannot use reserved internal session namespaces.");
  }
  headers = {{"x-openclaw-model", "nope/nope"}};
  says(hi,
       "Unknown model: nope/nope. Name one that is configured under models.providers, as "
       "provider/model.",
       404);
}

TEST_CASE_METHOD(api_world, "chat request: a configured model is taken for the one call",
                 "[http_api]") {
  headers = {{"x-openclaw-model", "fake/fake-2"}};
  CHECK(chat(R"({"messages":[{"role":"user","content":"hi"}]})").target.model == "fake/fake-2");
}

TEST_CASE_METHOD(api_world, "chat request: bounds hold, and are told", "[http_api]") {
  const auto tools = [](std::size_t count) {
    std::string list;
    for (std::size_t i = 0; i < count; ++i)
      list += fmt::format(R"({}{{"type":"function","function":{{"name":"f{}"}}}})",
                          i == 0 ? "" : ",", i);
    return fmt::format(R"({{"messages":[{{"role":"user","content":"x"}}],"tools":[{}]}})", list);
  };
  CHECK(chat(tools(128)).turn.options.tools.size() == 128);
  CHECK(chat_error(tools(129)).status == 400);

  const auto described = [](std::size_t bytes) {
    return fmt::format(
        R"({{"messages":[{{"role":"user","content":"x"}}],"tools":[{{"type":"function",
      "function":{{"name":"f","description":"{}"}}}}]}})",
        std::string(bytes, 'd'));
  };
  CHECK(chat(described(caller_options_bytes_max - 64)).turn.options.tools.size() == 1);
  CHECK(chat_error(described(caller_options_bytes_max)).status == 400);

  const auto results = [](std::size_t count) {
    std::string list;
    for (std::size_t i = 0; i < count; ++i)
      list += fmt::format(R"({}{{"role":"tool","tool_call_id":"c{}","content":"r"}})",
                          i == 0 ? "" : ",", i);
    return fmt::format(R"({{"user":"u","messages":[{}]}})", list);
  };
  CHECK(chat(results(caller_results_max)).turn.results.size() == caller_results_max);
  CHECK(chat_error(results(caller_results_max + 1)).status == 400);
}

TEST_CASE_METHOD(api_world, "chat request: what is not understood is said", "[http_api]") {
  for (
      const auto* body : {
          R"({"messages":"hi"})",
          R"({"messages":[5]})",
          R"({"messages":[{"role":"wizard","content":"x"}]})",
          R"({"messages":[{"role":"user","content":{"text":"x"}}]})",
          R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}}]}]})",
          R"({"messages":[{"role":"tool","content":"no id"}]})",
          R"({"messages":[{"role":"tool","tool_call_id":"c","content":"of no call"}]})",
          R"({"messages":[{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":"[1]"}}]},{"role":"user","content":"x"}]})",
          R"({"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f"}}]},{"role":"user","content":"x"}]})",
          R"({"messages":[{"role":"user","content":"x"}],"tools":{}})",
          R"({"messages":[{"role":"user","content":"x"}],"tools":[{"type":"code_interpreter"}]})",
          R"({"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"no spaces"}}]})",
          R"({"messages":[{"role":"user","content":"x"}],"tool_choice":"required"})",
          R"({"messages":[{"role":"user","content":"x"}],"n":2})",
      })
    CHECK(chat_error(body).status == 400);
}

TEST_CASE_METHOD(api_world, "chat request: long instructions of a new conversation are history",
                 "[http_api]") {
  const std::string text(extra_prompt_bytes_max + 1, 'i');
  const auto body = fmt::format(
      R"({{"messages":[{{"role":"system","content":"{}"}},{{"role":"user","content":"x"}}]}})",
      text);

  const auto request = chat(body);
  CHECK(request.instructions.empty());
  REQUIRE(request.turn.history.size() == 1);
  CHECK(request.turn.history[0].role == message_role::note);
  CHECK(request.turn.history[0].text == text);

  headers = {{"x-openclaw-session-key", "project"}};
  CHECK(chat(body).instructions == text); // The conversation says that it is too long.
}

TEST_CASE("request body: says where it stops being JSON", "[http_api]") {
  const auto failure = [](std::string_view text) {
    const auto parsed = parse_body(text);
    REQUIRE_FALSE(parsed.has_value());
    return parsed.error();
  };
  CHECK(failure("{bad").status == 400);
  CHECK_THAT(failure("{bad").message, Catch::Contains("at position 1 (line 1 column 2)"));
  CHECK_THAT(failure("{\n  \"a\": tru }").message, Catch::Contains("line 2"));
  for (const auto* text : {"", "{", "[]", "5", "{} {}", "{\"a\":1,}", "null"})
    CHECK(failure(text).status == 400);
  CHECK(failure(std::string(40, '[')).status == 400);
}

} // namespace troupe::gateway::http_api
