#include "actors/model/openai_completions/request.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <catch2/catch.hpp>

namespace troupe::test {
namespace {

using namespace model;
using openai_completions::build_request;
using openai_completions::endpoint;

config::provider_settings provider(std::string base_url = "http://127.0.0.1:1234") {
  config::provider_settings out;
  out.base_url = std::move(base_url);
  out.api_key = secret{"k-1"};
  return out;
}

model_request hello() {
  model_request out;
  out.model = "m-1";
  out.messages = {{.role = role::user, .text = "hi"}};
  return out;
}

boost::json::value body_of(const model_request& request,
                           const config::provider_settings& settings = provider()) {
  return boost::json::parse(build_request(request, settings, {}).body);
}

} // namespace

TEST_CASE("openai request: the endpoint of every way to write a base URL", "[model]") {
  CHECK(endpoint("http://h:1") == "http://h:1/v1/chat/completions");
  CHECK(endpoint("http://h:1/") == "http://h:1/v1/chat/completions");
  CHECK(endpoint("http://h:1/v1") == "http://h:1/v1/chat/completions");
  CHECK(endpoint("http://h:1/v1//") == "http://h:1/v1/chat/completions");
  CHECK(endpoint("https://h/api/v1") == "https://h/api/v1/chat/completions");
  CHECK(endpoint("https://h/v1/chat/completions") == "https://h/v1/chat/completions");
  CHECK(endpoint("https://h/openai?api-version=1") ==
        "https://h/openai/chat/completions?api-version=1");
}

TEST_CASE("openai request: the plainest call", "[model]") {
  const auto request = build_request(hello(), provider(), {});

  CHECK(request.method == "POST");
  CHECK(request.headers == net::header_list{{"content-type", "application/json"},
                                            {"accept", "text/event-stream"},
                                            {"authorization", "Bearer k-1"}});
  CHECK(boost::json::parse(request.body) == boost::json::parse(R"({
    "model": "m-1", "stream": true, "stream_options": {"include_usage": true},
    "messages": [{"role": "user", "content": "hi"}]})"));
}

TEST_CASE("openai request: a whole conversation with tools", "[model]") {
  auto request = hello();
  request.system = "be \"brief\"\n";
  request.messages.push_back(
      {.role = role::assistant, .tool_calls = {{"c1", "read", R"({"path":"a"})"}}});
  request.messages.push_back({.role = role::tool_result, .text = "text", .tool_call_id = "c1"});
  request.messages.push_back({.role = role::assistant, .text = "done"});
  request.tools = {{"read", "Reads.", R"({"type":"object"})"}, {"now", "Tells.", ""}};

  CHECK(body_of(request) == boost::json::parse(R"({
    "model": "m-1", "stream": true, "stream_options": {"include_usage": true},
    "messages": [
      {"role": "system", "content": "be \"brief\"\n"},
      {"role": "user", "content": "hi"},
      {"role": "assistant", "content": null, "tool_calls": [
        {"id": "c1", "type": "function",
         "function": {"name": "read", "arguments": "{\"path\":\"a\"}"}}]},
      {"role": "tool", "content": "text", "tool_call_id": "c1"},
      {"role": "assistant", "content": "done"}],
    "tools": [
      {"type": "function", "function": {"name": "read", "description": "Reads.",
        "parameters": {"type": "object"}}},
      {"type": "function", "function": {"name": "now", "description": "Tells.",
        "parameters": {"type": "object", "properties": {}}}}]})"));
}

TEST_CASE("openai request: text that is not UTF-8 becomes valid JSON", "[model]") {
  auto request = hello();
  request.messages = {{.role = role::user,
                       .text = "a\xff"
                               "b"}};

  CHECK(body_of(request).at("messages").at(0).at("content") == "a\xef\xbf\xbd"
                                                               "b");
}

TEST_CASE("openai request: max_tokens only when asked, at most the model's", "[model]") {
  auto request = hello();
  config::model_settings small;
  small.max_tokens = 100;

  CHECK_FALSE(body_of(request).as_object().contains("max_tokens"));
  request.max_tokens = 500;
  const auto body = boost::json::parse(build_request(request, provider(), small).body);
  CHECK(body.at("max_tokens") == 100);
}

TEST_CASE("openai request: OpenAI's own server gets its own fields", "[model]") {
  auto request = hello();
  request.max_tokens = 50;
  request.session_key = "agent:main:main";

  const auto openai = body_of(request, provider("https://api.openai.com/v1")).as_object();
  const auto other = body_of(request, provider("https://api.openai.com.example.org")).as_object();

  CHECK(openai.at("max_completion_tokens") == 50);
  CHECK(openai.at("prompt_cache_key") == "agent:main:main");
  CHECK_FALSE(other.contains("prompt_cache_key"));
  CHECK(other.contains("max_tokens"));
}

TEST_CASE("openai request: configured headers replace ours", "[model]") {
  auto settings = provider();
  settings.headers["Authorization"] = secret{"Token t"};
  settings.headers["X-Title"] = secret{"troupe"};

  const auto request = build_request(hello(), settings, {});

  CHECK(net::find_header(request.headers, "authorization") == "Token t");
  CHECK(net::find_header(request.headers, "x-title") == "troupe");
  CHECK(request.headers.size() == 4);
}

TEST_CASE("openai request: without a key there is no authorization", "[model]") {
  auto settings = provider();
  settings.api_key = {};

  CHECK(net::find_header(build_request(hello(), settings, {}).headers, "authorization").empty());
}

TEST_CASE("openai request: silence is 120 s, 300 s at home, more when configured", "[model]") {
  const auto silence = [](std::string base_url, std::optional<std::chrono::seconds> timeout = {}) {
    auto settings = provider(std::move(base_url));
    settings.timeout = timeout;
    const auto deadlines = build_request(hello(), settings, {}).deadlines;
    CHECK(deadlines.first_byte == deadlines.idle);
    CHECK(deadlines.total >= deadlines.idle);
    return deadlines.idle;
  };
  using std::chrono::seconds;

  CHECK(silence("https://api.openai.com/v1") == seconds{120});
  CHECK(silence("https://172.160.0.1/v1") == seconds{120});
  for (const char* home : {"http://localhost:1", "http://127.0.0.1:1/v1", "http://[::1]:8080",
                           "http://192.168.1.2", "http://172.20.0.3", "http://ollama:11434"})
    CHECK(silence(home) == seconds{300});
  CHECK(silence("https://api.openai.com/v1", seconds{600}) == seconds{600});
  CHECK(silence("https://api.openai.com/v1", seconds{5}) == seconds{120});
}

} // namespace troupe::test
