#include "actors/gateway/http_api/chat_answer.hpp"
#include "actors/gateway/http_api/models.hpp"
#include "tests/unit/actors/gateway/http_api/api_world.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

namespace troupe::gateway::http_api {
namespace {

namespace json = boost::json;

run_outcome answered(std::string text) {
  run_outcome outcome;
  outcome.status = tables::run_status::ok;
  outcome.stop_reason = "stop";
  outcome.text = std::move(text);
  outcome.input_tokens = 90;
  outcome.cache_read = 10;
  outcome.cache_write = 2;
  outcome.output_tokens = 12;
  return outcome;
}

run_outcome called() {
  auto outcome = answered("");
  outcome.stop_reason = callers_turn;
  outcome.calls = {{.id = "c1", .name = "get_weather", .arguments = R"({"city":"Vienna"})"}};
  return outcome;
}

chat_answer writer(bool include_usage = false) {
  return chat_answer{{.id = "chatcmpl_1",
                      .model = "openclaw/default",
                      .created_s = 1795375853,
                      .include_usage = include_usage}};
}

/// The data of each event; "[DONE]" as it is.
std::vector<std::string> data_of(std::string_view stream) {
  std::vector<std::string> out;
  while (!stream.empty()) {
    const auto end = stream.find("\n\n");
    REQUIRE(end != std::string_view::npos);
    REQUIRE(stream.starts_with("data: "));
    out.emplace_back(stream.substr(6, end - 6));
    stream.remove_prefix(end + 2);
  }
  return out;
}

} // namespace

TEST_CASE("chat answer: a whole answer", "[http_api]") {
  const auto response = writer().whole(answered("Echo: \"hi\""));

  CHECK(response.status == 200);
  CHECK(
      response.body ==
      R"({"id":"chatcmpl_1","object":"chat.completion","created":1795375853,"model":"openclaw/default",)"
      R"("choices":[{"index":0,"message":{"role":"assistant","content":"Echo: \"hi\""},)"
      R"("finish_reason":"stop"}],"usage":{"prompt_tokens":102,"completion_tokens":12,"total_tokens":114}})");
}

TEST_CASE("chat answer: calls of the caller's tools", "[http_api]") {
  const auto body = json::parse(writer().whole(called()).body);
  const auto& choice = body.at("choices").at(0);

  CHECK(choice.at("finish_reason") == "tool_calls");
  CHECK(choice.at("message").at("content") == "");
  CHECK(
      choice.at("message").at("tool_calls") ==
      json::parse(
          R"([{"id":"c1","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Vienna\"}"}}])"));
}

TEST_CASE("chat answer: an answer that was cut says so", "[http_api]") {
  auto outcome = answered("half");
  outcome.stop_reason = "length";
  CHECK(json::parse(writer().whole(outcome).body).at("choices").at(0).at("finish_reason") ==
        "length");
}

TEST_CASE("chat answer: a stream", "[http_api]") {
  auto out = writer(true);
  // One after the other, which the parts of a sum need not be.
  std::string stream = out.begin();
  stream += out.text("Echo: ");
  stream += out.text("ü");
  stream += out.end(answered(""));
  const auto events = data_of(stream);

  REQUIRE(events.size() == 6);
  CHECK(
      events[0] ==
      R"({"id":"chatcmpl_1","object":"chat.completion.chunk","created":1795375853,"model":"openclaw/default",)"
      R"("choices":[{"index":0,"delta":{"role":"assistant"},"finish_reason":null}]})");
  CHECK(json::parse(events[1]).at("choices").at(0).at("delta").at("content") == "Echo: ");
  CHECK(json::parse(events[2]).at("choices").at(0).at("delta").at("content") == "ü");
  const auto last = json::parse(events[3]).at("choices").at(0);
  CHECK(last.at("delta").get_object().empty());
  CHECK(last.at("finish_reason") == "stop");
  CHECK(json::parse(events[4]).at("choices").get_array().empty());
  CHECK(json::parse(events[4]).at("usage").at("total_tokens") == 114);
  CHECK(events[5] == "[DONE]");

  CHECK(data_of(writer().end(answered(""))).size() == 2); // No usage unless it is asked for.
}

TEST_CASE("chat answer: calls in a stream come head first", "[http_api]") {
  const auto events = data_of(writer().end(called()));

  REQUIRE(events.size() == 4);
  const auto delta = [&](std::size_t i) {
    return json::parse(events[i]).at("choices").at(0).at("delta");
  };
  CHECK(
      delta(0) ==
      json::parse(
          R"({"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"get_weather","arguments":""}}]})"));
  CHECK(delta(1) ==
        json::parse(
            R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":\"Vienna\"}"}}]})"));
  CHECK(json::parse(events[2]).at("choices").at(0).at("finish_reason") == "tool_calls");
}

TEST_CASE("chat answer: a stream that breaks ends with an error", "[http_api]") {
  const auto events = data_of(writer().broken({502, "upstream provider error", "api_error"}));
  REQUIRE(events.size() == 2);
  CHECK(events[0] == R"({"error":{"message":"upstream provider error","type":"api_error"}})");
  CHECK(events[1] == "[DONE]");
}

TEST_CASE("completion: what became of the run decides the status", "[http_api]") {
  CHECK_FALSE(failure_of(answered("x"), false));
  CHECK_FALSE(failure_of(called(), true));

  const auto unmet = failure_of(answered("x"), true);
  REQUIRE(unmet);
  CHECK(unmet->status == 502);
  CHECK(unmet->message == "tool_choice=required was not satisfied by the agent response");

  auto failed = answered("half");
  failed.status = tables::run_status::error;
  failed.stop_reason = "error";
  failed.error = "sk-secret was refused";
  REQUIRE(failure_of(failed, false));
  CHECK(failure_of(failed, false)->status == 502);
  CHECK(failure_of(failed, false)->message == "upstream provider error");
  CHECK(failure_of(failed, false)->type == "api_error");
  failed.stop_reason = "timeout";
  CHECK(failure_of(failed, false)->status == 504);
  failed.status = tables::run_status::aborted;
  CHECK(failure_of(failed, false)->status == 502);
}

TEST_CASE("models: the list and single models", "[http_api]") {
  config::settings settings;
  settings.agents.entries = agents({"main", "coder"});

  const auto list = json::parse(models_response("", settings).body);
  CHECK(list.at("object") == "list");
  REQUIRE(list.at("data").get_array().size() == 4);
  CHECK(
      list.at("data").at(0) ==
      json::parse(
          R"({"id":"openclaw","object":"model","created":0,"owned_by":"openclaw","permission":[]})"));
  CHECK(list.at("data").at(3).at("id") == "openclaw/coder");

  CHECK(json::parse(models_response("/openclaw%2Fdefault", settings).body).at("id") ==
        "openclaw/default");
  CHECK(models_response("/openclaw/coder", settings).status == 200);
  CHECK(models_response("/openclaw/nope", settings).status == 404);
  for (const auto* wrong : {"/unknown", "/openclaw%2", "/openclaw%zz", "/openclaw/", "/gpt-4"}) {
    const auto response = models_response(wrong, settings);
    CHECK(response.status == 400);
    CHECK(response.body ==
          R"({"error":{"message":"Invalid model id.","type":"invalid_request_error"}})");
  }
}

} // namespace troupe::gateway::http_api
