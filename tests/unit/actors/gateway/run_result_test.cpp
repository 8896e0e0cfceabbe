#include "actors/gateway/run_result.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

namespace troupe::gateway {
namespace {

run_outcome an_outcome() {
  run_outcome outcome;
  outcome.run_id = "r";
  outcome.session_id = "s";
  outcome.status = tables::run_status::ok;
  outcome.stop_reason = "stop";
  outcome.text = "hello";
  outcome.provider = "fake";
  outcome.model = "fake-1";
  outcome.accepted_at = 50;
  outcome.started_at = 100;
  outcome.ended_at = 350;
  outcome.input_tokens = 3;
  outcome.output_tokens = 4;
  return outcome;
}

} // namespace

TEST_CASE("run result: agent's second response holds the text and what is known", "[gateway]") {
  const auto told = agent_result_of(an_outcome());
  CHECK_FALSE(told.failed);
  const auto payload = boost::json::parse(told.payload);
  CHECK(payload.at("runId") == "r");
  CHECK(payload.at("status") == "ok");
  CHECK(payload.at("summary") == "completed");
  const auto& result = payload.at("result");
  CHECK(result.at("payloads").at(0).at("text") == "hello");
  CHECK(result.at("payloads").at(0).at("mediaUrl").is_null());
  const auto& meta = result.at("meta");
  CHECK(meta.at("durationMs") == 250);
  CHECK(meta.at("aborted") == false);
  CHECK(meta.at("stopReason") == "stop");
  CHECK(meta.at("agentMeta").at("usage").at("total") == 7);
  CHECK(meta.at("agentMeta").at("terminalReceipt").at("runId") == "r");
  CHECK(meta.at("executionTrace").at("winnerModel") == "fake-1");
  CHECK(meta.at("completion").at("stopReason") == "stop");
  CHECK(meta.at("finalAssistantVisibleText") == "hello");
}

TEST_CASE("run result: a failed or aborted run fails the request and keeps its text", "[gateway]") {
  auto outcome = an_outcome();
  outcome.status = tables::run_status::error;
  outcome.error = "broken";
  const auto failed = agent_result_of(outcome);
  CHECK(failed.failed);
  CHECK(failed.error == "broken");
  const auto payload = boost::json::parse(failed.payload);
  CHECK(payload.at("status") == "error");
  CHECK_FALSE(payload.at("result").at("meta").as_object().contains("completion"));
  outcome.status = tables::run_status::aborted;
  CHECK(agent_result_of(outcome).error == "aborted");
}

TEST_CASE("run result: agent.wait tells ok, error and timeout", "[gateway]") {
  auto outcome = an_outcome();
  const auto ok = boost::json::parse(agent_wait_result(outcome));
  CHECK(ok.at("status") == "ok");
  CHECK(ok.at("endedAt") == 350);
  CHECK(ok.at("terminalReply").at("disposition") == "visible");
  CHECK(ok.at("terminalReceipt").at("effective").at("model") == "fake-1");
  CHECK(ok.at("terminalReceipt").at("effective").at("responseModel") == "fake-1");
  CHECK_FALSE(ok.as_object().contains("stopReason"));
  outcome.status = tables::run_status::aborted;
  outcome.stop_reason = "rpc";
  const auto aborted = boost::json::parse(agent_wait_result(outcome));
  CHECK(aborted.at("status") == "error");
  CHECK(aborted.at("error") == "aborted");
  CHECK(aborted.at("stopReason") == "rpc");
  CHECK(agent_wait_timeout("x") == R"({"runId":"x","status":"timeout"})");
}

TEST_CASE("run result: a silent run has no text and says so", "[gateway]") {
  auto outcome = an_outcome();
  outcome.text.clear();
  json_writer out;
  write_terminal_reply(out, outcome);
  CHECK(out.take() == R"({"disposition":"empty"})");
  CHECK(boost::json::parse(agent_result_of(outcome).payload)
            .at("result")
            .at("payloads")
            .as_array()
            .empty());
}

} // namespace troupe::gateway
