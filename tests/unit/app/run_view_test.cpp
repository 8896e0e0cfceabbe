#include "app/cli/run_view.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

namespace {

using namespace troupe;
using namespace troupe::cli;

event happened(const char* name, const std::string& payload, bool missed = false) {
  return {name, boost::json::parse(payload), missed};
}

event delta(const std::string& text, bool replace = false) {
  return happened("chat", R"({"runId":"r1","state":"delta","deltaText":")" + text + "\"" +
                              (replace ? R"(,"replace":true})" : "}"));
}

event final_text(const std::string& text, bool missed = false) {
  return happened("chat",
                  R"({"runId":"r1","state":"final","message":{"role":"assistant","content":[)"
                  R"({"type":"text","text":")" +
                      text + R"("}]}})",
                  missed);
}

event tool(const char* phase, const char* status) {
  return happened("agent", std::string{R"({"runId":"r1","stream":"item","data":{"kind":"tool",)"
                                       R"("toolCallId":"c1","name":"ls","phase":")"} +
                               phase + R"(","status":")" + status + R"("}})");
}

boost::json::value history(const std::string& messages, const std::string& more = "") {
  return boost::json::parse(R"({"messages":[)" + messages + "]" + more + "}");
}

const std::string question = R"({"role":"user","content":"q","idempotencyKey":"r1:user"},)";

std::string answer(const std::string& text, const std::string& reason = "stop") {
  return R"({"role":"assistant","content":[{"type":"text","text":")" + text +
         R"("}],"stopReason":")" + reason + R"(","__openclaw":{"runId":"r1"}})";
}

std::string screen(run_view& view) {
  std::string shown;
  for (const auto& each : view.take())
    shown += each.what == piece::kind::text ? each.text : "[" + each.text + "]\n";
  return shown;
}

} // namespace

TEST_CASE("run view: shows deltas, tools and the final of its own run only") {
  run_view view{"r1"};
  view.on_acknowledged(boost::json::parse(R"({"status":"started"})"));
  view.on_event(tool("start", "running"));
  view.on_event(tool("end", "completed"));
  view.on_event(happened("chat", R"({"runId":"r2","state":"delta","deltaText":"other"})"));
  view.on_event(delta("Two "));
  view.on_event(delta("files"));
  view.on_event(final_text("Two files"));

  CHECK(screen(view) == "[· ls …]\nTwo files\n");
  CHECK(view.ended());
  CHECK_FALSE(view.failed());
  CHECK_FALSE(view.wants_history());
  CHECK(view.text() == "Two files");
}

TEST_CASE("run view: a failed tool is told, once") {
  run_view view{"r1"};
  view.on_event(tool("start", "running"));
  view.on_event(tool("end", "failed"));
  view.on_event(tool("end", "failed"));

  CHECK(screen(view) == "[· ls …]\n[· ls failed]\n");
}

TEST_CASE("run view: an error and an abort end the run") {
  run_view failed{"r1"};
  failed.on_event(happened("chat", R"({"runId":"r1","state":"error","errorMessage":"no model"})"));
  REQUIRE(failed.failed());
  CHECK(failed.failed()->message == "the run failed: no model");
  CHECK(failed.ended());

  run_view aborted{"r1"};
  aborted.on_event(delta("Hel"));
  aborted.on_event(happened("chat", R"({"runId":"r1","state":"aborted","stopReason":"rpc"})"));
  CHECK(aborted.aborted());
  CHECK(screen(aborted) == "Hel\n[· stopped]\n");
}

TEST_CASE("run view: retries of the model are told") {
  run_view view{"r1"};
  view.on_event(happened("agent", R"({"runId":"r1","stream":"run_status","data":)"
                                  R"({"phase":"retrying","retryAttempt":2,"maxRetries":8}})"));

  CHECK(screen(view).find("(2 of 8)") != std::string::npos);
}

TEST_CASE("run view: an answer that was finished meanwhile is shown from the history, once") {
  run_view view{"r1"};
  view.on_event(delta("Hel"));
  view.on_acknowledged(boost::json::parse(R"({"status":"ok"})"));
  CHECK(view.wants_history());
  view.on_history(history(question + answer("Hello")));
  view.on_event(final_text("Hello")); // Published again by the gateway.

  CHECK(view.ended());
  CHECK(screen(view) == "Hello\n");
}

TEST_CASE("run view: an answer that goes on is continued from what the history has of it") {
  run_view view{"r1"};
  view.on_event(delta("Hel"));
  view.on_acknowledged(boost::json::parse(R"({"status":"in_flight"})"));
  view.on_history(history(question.substr(0, question.size() - 1),
                          R"(,"inFlightRun":{"runId":"r1","text":"Hello w"})"));
  CHECK_FALSE(view.ended());
  view.on_event(delta("orld"));
  view.on_event(final_text("Hello world"));

  CHECK(screen(view) == "Hello world\n");
}

TEST_CASE("run view: history that is older than the screen takes nothing back") {
  run_view view{"r1"};
  view.on_event(delta("Hello w"));
  view.on_history(history("", R"(,"inFlightRun":{"runId":"r1","text":"Hel"})"));
  view.on_event(delta("orld"));
  view.on_event(final_text("Hello world"));

  CHECK(screen(view) == "Hello world\n");
}

TEST_CASE("run view: a step that asks for a tool is not the end") {
  run_view view{"r1"};
  view.on_history(history(
      question + R"({"role":"assistant","content":[{"type":"toolCall","id":"c1","name":"ls"}],)"
                 R"("stopReason":"toolUse"})"));
  view.on_event(tool("start", "running"));

  CHECK_FALSE(view.ended());
  CHECK(screen(view) == "[· ls …]\n");
}

TEST_CASE("run view: messages are matched by their place where they don't name a run") {
  run_view view{"r1"};
  view.on_history(history(R"({"role":"user","content":"p","idempotencyKey":"r0:user"},)"
                          R"({"role":"assistant","content":"old","stopReason":"stop"},)" +
                          question +
                          R"({"role":"assistant","content":"mine","stopReason":"stop"})"));

  CHECK(view.ended());
  CHECK(view.text() == "mine");
}

TEST_CASE("run view: recorded errors and aborts are found in the history") {
  run_view failed{"r1"};
  failed.on_history(history(question + R"({"role":"assistant","content":[],"stopReason":"error",)"
                                       R"("errorMessage":"503"})"));
  REQUIRE(failed.failed());
  CHECK(failed.failed()->message == "the run failed: 503");

  run_view aborted{"r1"};
  aborted.on_history(history(question + answer("Hel", "aborted")));
  CHECK(aborted.aborted());

  run_view unrecorded{"r1"};
  unrecorded.on_acknowledged(boost::json::parse(R"({"status":"error","summary":"gone"})"));
  unrecorded.on_history(history(""));
  REQUIRE(unrecorded.failed());
}

TEST_CASE("run view: a finished run without a trace ends all the same") {
  run_view view{"r1"};
  view.on_acknowledged(boost::json::parse(R"({"status":"ok"})"));
  view.on_history(history(""));

  CHECK(view.ended());
}

TEST_CASE("run view: a gap in the events asks for the history until it has been read") {
  run_view view{"r1"};
  view.on_event(happened("tick", R"({"ts":1})", true));
  CHECK(view.wants_history());
  view.on_history(history(""));
  CHECK_FALSE(view.wants_history());
  CHECK_FALSE(view.ended());
}
