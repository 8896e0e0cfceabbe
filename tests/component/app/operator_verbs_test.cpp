#include "app/cli/json_view.hpp"
#include "tests/component/app/cli_world.hpp"
#include "tests/component/app/fake_gateway.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

/// The verbs that show an operator what a running gateway does.
namespace troupe::test {
namespace {

namespace json = boost::json;

json::value page(std::int64_t cursor, json::array lines, bool reset = false) {
  return {{"cursor", cursor}, {"lines", std::move(lines)}, {"reset", reset}};
}

const auto* const line_one =
    R"({"time":"2026-11-25T10:00:00","level":"info","area":"node","message":"one"})";

} // namespace

TEST_CASE("logs: are shown for people, or whole with --json") {
  fake_gateway gateway({[](fake_connection& client) {
    client.welcome();
    client.respond(client.expect("logs.tail"), page(9, {line_one, "no JSON \x1b[31m"}));
  }});
  cli_world shell;

  CHECK(shell.run({"logs", "--limit", "5", "--url", gateway.url()}) == 0);
  CHECK(shell.out == "2026-11-25T10:00:00  info  node: one\nno JSON [31m\n");
  CHECK(gateway.requests("logs.tail").front().at("params").at("limit") == 5);
  const auto told = shell.run_json({"logs", "--url", gateway.url()});
  CHECK(told.at("log").at("lines").as_array().size() == 2);
  CHECK(shell.run({"logs", "--follow", "--json", "--url", gateway.url()}) == 2);
}

TEST_CASE("logs --follow: goes on from the cursor until Ctrl-C") {
  cli_world shell;
  fake_gateway gateway({[&](fake_connection& client) {
    client.welcome();
    client.respond(client.expect("logs.tail"), page(9, {line_one}));
    const auto second = client.expect("logs.tail");
    client.respond(second, page(20, {R"({"message":"two","level":"warn","area":"a","time":"t"})"}));
    client.respond(client.expect("logs.tail"), page(20, {}, true));
    shell.interrupt();
    client.wait_for_the_end();
  }});

  CHECK(shell.run({"logs", "--follow", "--url", gateway.url()}) == 0);
  CHECK(shell.out.find("node: one\nt  warn  a: two\n") != std::string::npos);
  CHECK(shell.err.find("new one") != std::string::npos);
  const auto asked = gateway.requests("logs.tail");
  REQUIRE(asked.size() >= 3);
  CHECK(asked[1].at("params").at("cursor") == 9);
  CHECK(asked[2].at("params").at("cursor") == 20);
}

TEST_CASE("logs --follow: a gateway that goes is a failure") {
  fake_gateway gateway({[](fake_connection& client) {
    client.welcome();
    client.respond(client.expect("logs.tail"), page(9, {}));
    client.close(1012, "service restart");
  }});
  cli_world shell;

  CHECK(shell.run({"logs", "--follow", "--url", gateway.url()}) != 0);
}

TEST_CASE("sessions: are listed with age, model and state") {
  fake_gateway gateway({[](fake_connection& client) {
    client.welcome();
    client.respond(client.expect("sessions.list"), json::parse(R"({"sessions":[
      {"key":"agent:main:main","updatedAt":1,"modelProvider":"p","model":"m","totalTokens":12,
       "hasActiveRun":true}]})"));
  }});
  cli_world shell;

  CHECK(shell.run({"sessions", "--agent", "main", "--limit", "3", "--url", gateway.url()}) == 0);
  CHECK(shell.out.find("agent:main:main") == 0);
  CHECK(shell.out.find("p/m") != std::string::npos);
  CHECK(shell.out.find("running") != std::string::npos);
  const auto params = gateway.requests("sessions.list").front().at("params");
  CHECK(params.at("agentId") == "main");
  CHECK(params.at("limit") == 3);
}

TEST_CASE("status: tells what of the config waits or is refused; --deep asks for more") {
  const auto told = json::parse(R"({
    "config":{"reload":{"mode":"hybrid","generation":4,"restartNeeded":["gateway.port"],
                        "refused":"gateway.prt: unknown key"}},
    "sessions":{"recent":[{"key":"agent:main:x","selectedModel":"p/m","age":5000}]}})");
  const auto shallow = [&](fake_connection& client) {
    client.welcome();
    client.respond(client.expect("status"), told);
  };
  const auto deep = [&](fake_connection& client) {
    shallow(client);
    client.respond(client.expect("health"), json::parse(R"({"agents":[{"agentId":"main"}]})"));
    client.respond(client.expect("system-presence"), json::parse(R"([{"text":"somebody"}])"));
  };
  fake_gateway gateway({shallow, deep});
  cli_world shell;

  CHECK(shell.run({"status", "--url", gateway.url()}) == 0);
  CHECK(shell.out.find("needs restart gateway.port") != std::string::npos);
  CHECK(shell.out.find("not applied   gateway.prt: unknown key") != std::string::npos);
  CHECK(shell.out.find("somebody") == std::string::npos);

  CHECK(shell.run({"status", "--deep", "--url", gateway.url()}) == 0);
  CHECK(shell.out.find("somebody") != std::string::npos);
  CHECK(shell.out.find("agent:main:x, p/m, 5 s ago") != std::string::npos);
}

} // namespace troupe::test
