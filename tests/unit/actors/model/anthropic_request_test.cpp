#include "actors/model/anthropic_messages/request.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <catch2/catch.hpp>

namespace troupe::test {
namespace {

using namespace model;
using anthropic_messages::build_request;
using anthropic_messages::endpoint;
namespace json = boost::json;

config::provider_settings provider() {
  config::provider_settings out;
  out.api = config::provider_api::anthropic_messages;
  out.base_url = "https://api.anthropic.com";
  out.api_key = secret{"k-1"};
  return out;
}

model_request hello() {
  model_request out;
  out.model = "m-1";
  out.max_tokens = 100;
  out.messages = {{.role = role::user, .text = "hi"}};
  return out;
}

json::value body_of(const model_request& request, const config::model_settings& model = {}) {
  return json::parse(build_request(request, provider(), model).body);
}

json::value messages_of(const model_request& request) {
  return body_of(request).at("messages");
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

prompt_message user(std::string text) {
  return {.role = role::user, .text = std::move(text)};
}
prompt_message answer(std::string text, std::vector<tool_call> calls = {},
                      std::string reasoning = {}) {
  return {.role = role::assistant,
          .text = std::move(text),
          .tool_calls = std::move(calls),
          .reasoning = std::move(reasoning)};
}
prompt_message tool_result(std::string id, std::string text, bool is_error = false) {
  return {.role = role::tool_result,
          .text = std::move(text),
          .tool_call_id = std::move(id),
          .is_error = is_error};
}

} // namespace

TEST_CASE("anthropic request: the endpoint of every way to write a base URL", "[model]") {
  CHECK(endpoint("https://h") == "https://h/v1/messages");
  CHECK(endpoint("https://h/") == "https://h/v1/messages");
  CHECK(endpoint("https://h/v1") == "https://h/v1/messages");
  CHECK(endpoint("https://h/v1/") == "https://h/v1/messages");
  CHECK(endpoint("https://h/api/anthropic") == "https://h/api/anthropic/v1/messages");
  CHECK(endpoint("https://h/v1/messages") == "https://h/v1/messages");
  CHECK(endpoint("https://h?beta=true") == "https://h/v1/messages?beta=true");
}

TEST_CASE("anthropic request: the plainest call", "[model]") {
  const auto request = build_request(hello(), provider(), {});

  CHECK(request.method == "POST");
  CHECK(request.url == "https://api.anthropic.com/v1/messages");
  CHECK(request.headers == net::header_list{{"content-type", "application/json"},
                                            {"accept", "text/event-stream"},
                                            {"anthropic-version", "2023-06-01"},
                                            {"x-api-key", "k-1"}});
  CHECK(json::parse(request.body) == json::parse(R"({
    "model": "m-1", "max_tokens": 100, "stream": true,
    "messages": [{"role": "user", "content": [
      {"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]}]})"));
}

TEST_CASE("anthropic request: configured headers replace ours, no key sends none", "[model]") {
  auto settings = provider();
  settings.api_key = {};
  settings.headers["Anthropic-Version"] = secret{"2030-01-01"};
  settings.headers["Authorization"] = secret{"Bearer t"};

  const auto headers = build_request(hello(), settings, {}).headers;

  CHECK(net::find_header(headers, "anthropic-version") == "2030-01-01");
  CHECK(net::find_header(headers, "authorization") == "Bearer t");
  CHECK(net::find_header(headers, "x-api-key").empty());
}

TEST_CASE("anthropic request: a whole conversation with tools", "[model]") {
  auto request = hello();
  request.system = "be \"brief\"\n";
  request.messages = {
      user("hi"), answer("I look.", {{"c1", "read", R"({"path":"a"})"}, {"c2", "ls", "{}"}}),
      tool_result("c1", "text"), tool_result("c2", "no such folder", true), user("and now?")};
  request.tools = {{"read", "Reads.", R"({"type":"object"})"}, {"now", "Tells.", ""}};

  CHECK(body_of(request) == json::parse(R"({
    "model": "m-1", "max_tokens": 100, "stream": true,
    "tools": [
      {"name": "read", "description": "Reads.", "input_schema": {"type": "object"}},
      {"name": "now", "description": "Tells.",
       "input_schema": {"type": "object", "properties": {}}}],
    "system": [{"type": "text", "text": "be \"brief\"\n",
                "cache_control": {"type": "ephemeral"}}],
    "messages": [
      {"role": "user", "content": [
        {"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]},
      {"role": "assistant", "content": [
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "c1", "name": "read", "input": {"path": "a"}},
        {"type": "tool_use", "id": "c2", "name": "ls", "input": {}}]},
      {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "c1", "content": "text"},
        {"type": "tool_result", "tool_use_id": "c2", "content": "no such folder",
         "is_error": true},
        {"type": "text", "text": "and now?", "cache_control": {"type": "ephemeral"}}]}]})"));
}

TEST_CASE("anthropic request: turns alternate and no block is blank", "[model]") {
  auto request = hello();
  request.messages = {user("a"),   answer(" \n"), user("b"),   user("  "),
                      answer("c"), answer(""),    answer("d"), user(" ")};

  CHECK(messages_of(request) == json::parse(R"json([
    {"role": "user", "content": [
      {"type": "text", "text": "a"},
      {"type": "text", "text": "b", "cache_control": {"type": "ephemeral"}}]},
    {"role": "assistant", "content": [{"type": "text", "text": "c"},
                                      {"type": "text", "text": "d"}]},
    {"role": "user", "content": [
      {"type": "text", "text": "(no text)", "cache_control": {
    "type" : "ephemeral"}
}]
}])json"));
}

TEST_CASE("anthropic request: the marks move with the conversation", "[model]") {
  auto request = hello();
  request.system = "s";
  for (int i = 0; i < 20; ++i) {
    request.messages.push_back(answer("x"));
    request.messages.push_back(user("y"));
  }

  const auto messages = messages_of(request).as_array();
  CHECK(count(json::serialize(body_of(request)), "cache_control") == 3);
  CHECK(messages[40].at("content").at(0).as_object().contains("cache_control"));
  CHECK(messages[38].at("content").at(0).as_object().contains("cache_control"));
}

TEST_CASE("anthropic request: a result without text and a mark at its end", "[model]") {
  auto request = hello();
  request.messages = {user("a"), answer("", {{"c1", "read", "{}"}}), tool_result("c1", "")};

  CHECK(messages_of(request).at(2) == json::parse(R"({"role": "user", "content": [
    {"type": "tool_result", "tool_use_id": "c1", "cache_control": {"type": "ephemeral"}}]})"));
}

TEST_CASE("anthropic request: what other providers allowed is made to fit", "[model]") {
  auto request = hello();
  request.messages = {user("a"),
                      answer("", {{"call:1.a", "fn.do it", "{\"half"}, {"c2", "n", "[]"}}),
                      tool_result("call:1.a", "x\xff"), tool_result("c2", "y")};

  const auto messages = messages_of(request);

  CHECK(messages.at(1).at("content") == json::parse(R"([
    {"type": "tool_use", "id": "call_1_a", "name": "fn_do_it", "input": {"arguments": "{\"half"}},
    {"type": "tool_use", "id": "c2", "name": "n", "input": {"arguments": "[]"}}])"));
  CHECK(messages.at(2).at("content").at(0).at("tool_use_id") == "call_1_a");
  CHECK(messages.at(2).at("content").at(0).at("content") == "x\xef\xbf\xbd");
}

TEST_CASE("anthropic request: max_tokens is always there, at most the model's", "[model]") {
  auto request = hello();
  config::model_settings small;
  small.max_tokens = 50;
  config::model_settings unknown;
  unknown.max_tokens = 0;

  CHECK(body_of(request, small).at("max_tokens") == 50);
  request.max_tokens = 0;
  CHECK(body_of(request, small).at("max_tokens") == 50);
  CHECK(body_of(request, unknown).at("max_tokens") == 8'192);
}

TEST_CASE("anthropic request: thoughts of the open round go back where they were", "[model]") {
  const auto thoughts =
      std::string{R"([[0,0,{"type":"thinking","thinking":"a \"b\"","signature":"s/+=="}],)"
                  R"([4,1,{"type":"redacted_thinking","data":"d=="}]])"};
  auto request = hello();
  request.messages = {user("old"),
                      answer("x", {{"c0", "n", "{}"}}, thoughts),
                      tool_result("c0", "r"),
                      answer("done"),
                      user("new"),
                      answer("one two", {{"c1", "n", "{}"}, {"c2", "n", "{}"}}, thoughts),
                      tool_result("c1", "r"),
                      tool_result("c2", "r")};

  const auto messages = messages_of(request);

  CHECK(messages.at(1).at("content") == json::parse(R"([
    {"type": "text", "text": "x"},
    {"type": "tool_use", "id": "c0", "name": "n", "input": {}}])"));
  CHECK(messages.at(5).at("content") == json::parse(R"([
    {"type": "thinking", "thinking": "a \"b\"", "signature": "s/+=="},
    {"type": "text", "text": "one "},
    {"type": "tool_use", "id": "c1", "name": "n", "input": {}},
    {"type": "redacted_thinking", "data": "d=="},
    {"type": "text", "text": "two"},
    {"type": "tool_use", "id": "c2", "name": "n", "input": {}}])"));
}

TEST_CASE("anthropic request: thoughts that point beyond the answer, or are none", "[model]") {
  auto request = hello();
  const auto content = [&](std::string reasoning) {
    request.messages = {user("a"), answer("x", {{"c1", "n", "{}"}}, std::move(reasoning)),
                        tool_result("c1", "r")};
    return messages_of(request).at(1).at("content").as_array();
  };

  CHECK(content(R"([[999,999,{"type":"thinking"}]])").size() == 3);
  for (const auto* broken : {"nonsense", "{}", "[1]", "[[0,0]]", "[[-1,0,{}]]", "[[0,0,1]]"})
    CHECK(content(broken).size() == 2);
}

TEST_CASE("anthropic request: who thinks, and how much", "[model]") {
  auto request = hello();
  request.max_tokens = 20'000;
  config::model_settings thinker;
  thinker.reasoning = true;
  thinker.max_tokens = 0;
  const auto thinking = [&] {
    const auto body = body_of(request, thinker).as_object();
    return body.contains("thinking") ? json::serialize(body.at("thinking")) : std::string{};
  };

  CHECK(thinking() == R"({"type":"enabled","budget_tokens":10000})");
  request.max_tokens = 2'047;
  CHECK(thinking().empty());
  request.max_tokens = 100'000;
  CHECK(thinking() == R"({"type":"enabled","budget_tokens":16384})");

  SECTION("a budget needs the thoughts of the open round") {
    request.messages.push_back(answer("", {{"c1", "n", "{}"}}));
    request.messages.push_back(tool_result("c1", "r"));
    CHECK(thinking().empty());
    request.messages.push_back(user("next"));
    CHECK_FALSE(thinking().empty());
  }
  SECTION("a model that decides itself does not") {
    request.model = "claude-opus-4-8";
    request.messages.push_back(answer("", {{"c1", "n", "{}"}}));
    request.messages.push_back(tool_result("c1", "r"));
    CHECK(thinking() == R"({"type":"adaptive"})");
  }
  SECTION("only when the model is said to") {
    thinker.reasoning = false;
    CHECK(thinking().empty());
  }
}

} // namespace troupe::test
