#include "actors/gateway/http_api/responses_answer.hpp"
#include "actors/gateway/http_api/responses_request.hpp"
#include "tests/unit/actors/gateway/http_api/api_world.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

namespace troupe::gateway::http_api {
namespace {

namespace json = boost::json;
using tables::message_role;

struct responses_world : api_world {
  completion_request read(std::string_view body) {
    auto request = read_responses_request(json(body), headers, settings);
    if (!request)
      FAIL(request.error().message);
    return std::move(request.value());
  }
  api_error refusal(std::string_view body) {
    auto request = read_responses_request(json(body), headers, settings);
    REQUIRE_FALSE(request.has_value());
    return request.error();
  }
};

struct sse {
  std::string type;
  boost::json::value data; ///< Null for "[DONE]".
};

std::vector<sse> events_of(std::string_view stream) {
  std::vector<sse> out;
  while (!stream.empty()) {
    const auto end = stream.find("\n\n");
    REQUIRE(end != std::string_view::npos);
    auto text = stream.substr(0, end);
    stream.remove_prefix(end + 2);
    sse event;
    if (text.starts_with("event: ")) {
      event.type = text.substr(7, text.find('\n') - 7);
      text.remove_prefix(text.find('\n') + 1);
    }
    REQUIRE(text.starts_with("data: "));
    if (text != "data: [DONE]")
      event.data = json::parse(std::string{text.substr(6)});
    if (!event.type.empty())
      CHECK(std::string{event.data.at("type").as_string()} == event.type);
    out.push_back(std::move(event));
  }
  return out;
}

run_outcome answered(std::string text) {
  run_outcome outcome;
  outcome.status = tables::run_status::ok;
  outcome.stop_reason = "stop";
  outcome.text = std::move(text);
  outcome.input_tokens = 100;
  outcome.cache_read = 19;
  outcome.output_tokens = 12;
  return outcome;
}

run_outcome called(std::string text) {
  auto outcome = answered(std::move(text));
  outcome.stop_reason = callers_turn;
  outcome.calls = {{.id = "c1", .name = "get_weather", .arguments = R"({"city":"Vienna"})"}};
  return outcome;
}

responses_answer writer() {
  return responses_answer{
      {.id = "resp_20ec", .message_id = "msg_64ff", .model = "openclaw", .created_s = 1795375965}};
}

/// In this order, which that of a sum's parts is not.
std::string joined(std::vector<std::string> parts) {
  std::string out;
  for (const auto& part : parts)
    out += part;
  return out;
}

std::vector<std::string> types_of(const std::vector<sse>& events) {
  std::vector<std::string> out;
  for (const auto& event : events)
    out.push_back(event.type);
  return out;
}

} // namespace

TEST_CASE_METHOD(responses_world, "responses request: a text is the input", "[http_api]") {
  const auto request = read(R"({"model":"openclaw","input":"hello","instructions":"be brief",
    "max_output_tokens":9,"stream":true,"user":"bob"})");

  CHECK(request.text == "hello");
  CHECK(request.instructions == "be brief");
  CHECK(request.stream);
  CHECK(request.turn.options.max_tokens == 9);
  CHECK(request.target.session_key == "agent:main:openresponses-user:bob");
}

TEST_CASE_METHOD(responses_world, "responses request: items are messages, calls and outputs",
                 "[http_api]") {
  const auto request = read(R"({"model":"openclaw","previous_response_id":"resp_1","input":[
    {"role":"developer","content":"be kind"},
    {"type":"message","role":"user","content":[{"type":"input_text","text":"weather?"}]},
    {"type":"reasoning","summary":[]},
    {"type":"message","role":"assistant","content":[{"type":"output_text","text":"I look."}]},
    {"type":"function_call","call_id":"c1","name":"get_weather","arguments":"{}"},
    {"type":"function_call_output","call_id":"c1","output":"rain"}],
    "tools":[{"type":"function","name":"get_weather","parameters":{"type":"object"}}]})");

  CHECK(request.instructions == "be kind");
  CHECK(request.text.empty());
  CHECK(request.previous_response == "resp_1");
  REQUIRE(request.turn.history.size() == 2);
  CHECK(request.turn.history[1].text == "I look.");
  REQUIRE(request.turn.history[1].calls.size() == 1);
  REQUIRE(request.turn.results.size() == 1);
  CHECK(request.turn.results[0].name == "get_weather");
  CHECK(request.turn.results[0].text == "rain");
  REQUIRE(request.turn.options.tools.size() == 1);
}

TEST_CASE_METHOD(responses_world, "responses request: a named function must be called",
                 "[http_api]") {
  const auto request = read(R"({"model":"openclaw","input":"x","tool_choice":{"type":"function",
    "name":"g"},"tools":[{"type":"function","name":"f"},{"type":"function","name":"g"}]})");
  CHECK(request.must_call());
  REQUIRE(request.turn.options.tools.size() == 1);
  CHECK(request.turn.options.tools[0].name == "g");
}

TEST_CASE_METHOD(responses_world, "responses request: refusals", "[http_api]") {
  CHECK(refusal("{}").message == "model: Invalid input: expected string, received undefined");
  CHECK(refusal(R"({"model":7})").message ==
        "model: Invalid input: expected string, received number");
  CHECK(refusal(R"({"model":"openclaw"})").message == "input: Invalid input");
  CHECK(refusal(R"({"model":"openclaw","input":[]})").message ==
        "Missing user message in `input`.");
  CHECK(refusal(R"({"model":"gpt-4","input":"x"})").message ==
        "Invalid `model`. Use `openclaw` or `openclaw/<agentId>`.");
  for (
      const auto* body : {
          R"({"model":"openclaw","input":[5]})",
          R"({"model":"openclaw","input":[{"role":"tool","content":"x"}]})",
          R"({"model":"openclaw","input":[{"type":"input_file","file_id":"f"}]})",
          R"({"model":"openclaw","input":[{"type":"function_call","name":"f"}]})",
          R"({"model":"openclaw","input":[{"type":"function_call_output","output":"x"}]})",
          R"({"model":"openclaw","input":[{"type":"function_call_output","call_id":"c","output":"x"}]})",
          R"({"model":"openclaw","input":"x","max_output_tokens":1.5})",
      })
    CHECK(refusal(body).status == 400);
}

TEST_CASE("responses answer: a whole answer", "[http_api]") {
  const auto response = writer().whole(answered("Echo: hi"));

  CHECK(response.status == 200);
  CHECK(
      response.body ==
      R"({"id":"resp_20ec","object":"response","created_at":1795375965,"status":"completed",)"
      R"("model":"openclaw","output":[{"type":"message","id":"msg_64ff","role":"assistant",)"
      R"("content":[{"type":"output_text","text":"Echo: hi"}],"phase":"final_answer","status":"completed"}],)"
      R"("usage":{"input_tokens":119,"input_tokens_details":{"cached_tokens":19,"cache_write_tokens":0},)"
      R"("output_tokens":12,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":131}})");
}

TEST_CASE("responses answer: calls are items of their own", "[http_api]") {
  const auto silent = json::parse(writer().whole(called("")).body).at("output");
  REQUIRE(silent.get_array().size() == 1);
  CHECK(
      silent.at(0) ==
      json::parse(
          R"({"type":"function_call","id":"call_20ec_0","call_id":"c1","name":"get_weather","arguments":"{\"city\":\"Vienna\"}"})"));

  const auto spoken = json::parse(writer().whole(called("I look.")).body).at("output");
  REQUIRE(spoken.get_array().size() == 2);
  CHECK(spoken.at(0).at("type") == "message");
}

TEST_CASE("responses answer: one that was cut is incomplete", "[http_api]") {
  auto outcome = answered("half");
  outcome.stop_reason = "length";
  const auto body = json::parse(writer().whole(outcome).body);
  CHECK(body.at("status") == "incomplete");
  CHECK(body.at("incomplete_details").at("reason") == "max_output_tokens");
  CHECK(events_of(writer().end(outcome)).at(5).type == "response.incomplete");
}

TEST_CASE("responses answer: a run that failed is a response, a refusal is not", "[http_api]") {
  const auto failed = writer().failed({502, "upstream provider error", "api_error"});
  CHECK(failed.status == 502);
  const auto body = json::parse(failed.body);
  CHECK(body.at("status") == "failed");
  CHECK(body.at("error").at("code") == "api_error");
  CHECK(body.at("error").at("message") == "upstream provider error");

  const auto refused = json::parse(writer().failed(bad_request("too long")).body);
  CHECK(refused.at("error").at("type") == "invalid_request_error");
  CHECK_FALSE(refused.get_object().contains("status"));
}

TEST_CASE("responses answer: a stream in its order", "[http_api]") {
  auto out = writer();
  const auto events = events_of(
      joined({out.begin(), out.text("Echo: "), out.text("hi"), out.end(answered("Echo: hi"))}));

  const std::vector<std::string> order{"response.created",
                                       "response.in_progress",
                                       "response.output_item.added",
                                       "response.content_part.added",
                                       "response.output_text.delta",
                                       "response.output_text.delta",
                                       "response.output_text.done",
                                       "response.content_part.done",
                                       "response.output_item.done",
                                       "response.completed",
                                       ""};
  CHECK(types_of(events) == order);
  CHECK(events[0].data.at("response").at("status") == "in_progress");
  CHECK(events[0].data.at("response").at("usage").at("total_tokens") == 0);
  CHECK(events[2].data.at("item").at("status") == "in_progress");
  CHECK(events[4].data.at("delta") == "Echo: ");
  CHECK(events[6].data.at("text") == "Echo: hi");
  CHECK(events[9].data.at("response") == json::parse(writer().whole(answered("Echo: hi")).body));
}

TEST_CASE("responses answer: a stream of calls without a word", "[http_api]") {
  auto out = writer();
  const auto events = events_of(joined({out.begin(), out.end(called(""))}));

  const std::vector<std::string> order{"response.created",           "response.in_progress",
                                       "response.output_item.added", "response.output_item.done",
                                       "response.completed",         ""};
  CHECK(types_of(events) == order);
  CHECK(events[2].data.at("item").at("arguments") == "");
  CHECK(events[3].data.at("output_index") == 0);
  CHECK(events[3].data.at("item").at("arguments") == R"({"city":"Vienna"})");
}

TEST_CASE("responses answer: a stream that breaks ends as failed", "[http_api]") {
  auto out = writer();
  const auto events =
      events_of(joined({out.begin(), out.broken({502, "upstream provider error", "api_error"})}));
  REQUIRE(events.size() == 4);
  CHECK(events[2].type == "response.failed");
  CHECK(events[2].data.at("response").at("error").at("message") == "upstream provider error");
}

} // namespace troupe::gateway::http_api
