#include "actors/gateway/http_api/tool_invocation.hpp"
#include "tests/unit/actors/gateway/http_api/api_world.hpp"

namespace troupe::gateway::http_api {
namespace {

struct invocation_world : api_world {
  tool_catalog tools = [] {
    tool_catalog catalog;
    catalog.add({.name = "look", .description = "", .schema = "{}", .run = {}});
    catalog.add({.name = "pay",
                 .description = "",
                 .schema = "{}",
                 .effect = effect_class::once,
                 .run = {}});
    return catalog;
  }();

  tool_invocation read(std::string_view body) {
    auto read = read_invocation(body, settings, tools);
    REQUIRE(std::holds_alternative<tool_invocation>(read));
    return std::get<tool_invocation>(std::move(read));
  }
  void refused(std::string_view body, unsigned status, std::string_view answer) {
    auto read = read_invocation(body, settings, tools);
    REQUIRE(std::holds_alternative<net::http_response>(read));
    CHECK(std::get<net::http_response>(read).status == status);
    CHECK(std::get<net::http_response>(read).body == answer);
  }
};

} // namespace

TEST_CASE_METHOD(invocation_world, "tools invoke: a tool, its arguments and whose it is",
                 "[http_api]") {
  const auto plain = read(R"({"tool":"look"})");
  CHECK(plain.tool == tools.find("look"));
  CHECK(plain.session_tool == nullptr);
  CHECK(plain.arguments.empty());
  CHECK(plain.agent_id == "main");
  CHECK(plain.session_key == "agent:main:main");

  const auto full =
      read(R"({"name":"look","args":{"path":"."},"sessionKey":"project","agentId":"coder"})");
  CHECK(full.arguments.at("path") == ".");
  CHECK(full.session_key == "agent:coder:project");
}

TEST_CASE_METHOD(invocation_world, "tools invoke: sessions have tools of their own", "[http_api]") {
  for (const auto* body : {R"({"tool":"sessions_list"})", R"({"tool":"sessions_history"})"}) {
    const auto wanted = read(body);
    CHECK(wanted.tool == nullptr);
    CHECK(wanted.session_tool != nullptr);
  }
}

TEST_CASE_METHOD(invocation_world, "tools invoke: refusals", "[http_api]") {
  refused(
      "{}", 400,
      R"({"ok":false,"error":{"type":"invalid_request","message":"tools.invoke requires name"}})");
  for (const std::string name : {"nope", "exec", "pay"})
    refused(R"({"tool":")" + name + R"("})", 404,
            R"({"ok":false,"error":{"type":"not_found","message":"Tool not available: )" + name +
                R"("}})");
  refused(R"({"tool":"look","args":[]})", 400,
          R"({"ok":false,"error":{"type":"invalid_request","message":"args must be an object"}})");
  refused(
      R"({"tool":"look","agentId":"nope"})", 400,
      R"({"ok":false,"error":{"type":"invalid_request","message":"unknown agent id \"nope\""}})");
  const auto broken = read_invocation("{bad", settings, tools);
  REQUIRE(std::holds_alternative<net::http_response>(broken));
  CHECK_THAT(std::get<net::http_response>(broken).body,
             Catch::StartsWith(R"({"error":{"message":"Invalid JSON)"));
}

TEST_CASE("tools invoke: what a tool answers", "[http_api]") {
  const auto good = invocation_response({"it \"works\"", false});
  CHECK(good.status == 200);
  CHECK(good.body == R"({"ok":true,"result":{"content":[{"type":"text","text":"it \"works\""}]}})");
  const auto bad = invocation_response({"path is missing", true});
  CHECK(bad.status == 400);
  CHECK(bad.body == R"({"ok":false,"error":{"type":"tool_error","message":"path is missing"}})");
}

} // namespace troupe::gateway::http_api
