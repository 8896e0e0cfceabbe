#include "app/cli/command_line.hpp"

#include <catch2/catch.hpp>

namespace {

using namespace troupe;
using namespace troupe::cli;

command parsed(const std::vector<std::string>& words) {
  auto result = parse_command_line(words);
  REQUIRE(result.has_value());
  REQUIRE(std::holds_alternative<command>(result.assume_value()));
  return std::get<command>(result.assume_value());
}

failure refusal(const std::vector<std::string>& words) {
  auto result = parse_command_line(words);
  REQUIRE(result.has_error());
  return result.assume_error();
}

std::string help(const std::vector<std::string>& words) {
  auto result = parse_command_line(words);
  REQUIRE(result.has_value());
  REQUIRE(std::holds_alternative<help_text>(result.assume_value()));
  return std::get<help_text>(result.assume_value()).text;
}

} // namespace

TEST_CASE("command line: gateway run takes every option") {
  const auto made = parsed({"gateway", "run", "--port", "0", "--bind", "lan", "--accept-unenforced",
                            "a.b", "--accept-unenforced", "c.d", "--log-level", "debug", "--quiet",
                            "--state-dir", "/s", "--config", "/c.json"});

  const auto& run = std::get<run_verb>(made.what).options;
  CHECK(run.port == 0);
  CHECK(run.bind == "lan");
  CHECK(run.accept_unenforced == std::vector<std::string>{"a.b", "c.d"});
  CHECK(run.log_level == log::level::debug);
  CHECK(run.quiet);
  CHECK(made.global.state_dir == "/s");
  CHECK(made.global.config_path == "/c.json");
}

TEST_CASE("command line: gateway run without options leaves everything to the config") {
  const auto run = std::get<run_verb>(parsed({"gateway", "run"}).what).options;

  CHECK_FALSE(run.port);
  CHECK(run.bind.empty());
  CHECK_FALSE(run.log_level);
}

TEST_CASE("command line: global options stand before or behind the verb") {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"--json", "--url", "ws://h:1", "--token", "t", "gateway", "health", "--timeout", "3"},
           {"gateway", "health", "--json", "--url", "ws://h:1", "--token", "t", "--timeout",
            "3"}}) {
    const auto made = parsed(words);

    CHECK(std::holds_alternative<health_verb>(made.what));
    CHECK(made.global.json);
    CHECK(made.global.url == "ws://h:1");
    CHECK(made.global.token.reveal() == "t");
    CHECK(made.global.timeout == std::chrono::seconds{3});
  }
}

TEST_CASE("command line: every verb is recognised") {
  CHECK(std::holds_alternative<status_verb>(parsed({"gateway", "status"}).what));
  CHECK(std::holds_alternative<probe_verb>(parsed({"gateway", "probe"}).what));
  CHECK(std::holds_alternative<config_schema_verb>(parsed({"config", "schema"}).what));
  CHECK(std::holds_alternative<version_verb>(parsed({"version"}).what));
  CHECK(std::get<config_validate_verb>(parsed({"config", "validate", "f"}).what).file == "f");
  CHECK(std::get<config_get_verb>(parsed({"config", "get", "gateway.port"}).what).path ==
        "gateway.port");

  const auto call = std::get<call_verb>(
      parsed({"gateway", "call", "agent", "--params", "{}", "--expect-final"}).what);
  CHECK(call.method == "agent");
  CHECK(call.params == "{}");
  CHECK(call.expect_final);

  const auto agent =
      std::get<agent_verb>(parsed({"agent", "--message", "hi", "--session-key", "k", "--agent", "a",
                                   "--idempotency-key", "i", "--stream"})
                               .what);
  CHECK(agent.message == "hi");
  CHECK(agent.session_key == "k");
  CHECK(agent.agent == "a");
  CHECK(agent.idempotency_key == "i");
  CHECK(agent.stream);

  const auto chat = std::get<chat_verb>(parsed({"chat"}).what);
  CHECK(chat.session_key == "main");
  CHECK_FALSE(chat.message);
  CHECK(std::get<chat_verb>(parsed({"chat", "-m", "hi"}).what).message == "hi");
}

TEST_CASE("command line: a message that looks like an option is still a message") {
  CHECK(std::get<chat_verb>(parsed({"chat", "--message=--help"}).what).message == "--help");
}

TEST_CASE("command line: mistakes are usage errors that name the help") {
  CHECK(refusal({"gateway", "walk"}).status == exit_status::usage);
  CHECK(refusal({"gateway"}).next.find("troupe gateway --help") != std::string::npos);
  CHECK(refusal({"agent"}).next.find("troupe agent --help") != std::string::npos);
  CHECK(refusal({}).status == exit_status::usage);
  CHECK(refusal({"gateway", "run", "--port", "65536"}).status == exit_status::usage);
  CHECK(refusal({"gateway", "run", "--log-level", "loud"}).status == exit_status::usage);
  CHECK(refusal({"version", "--timeout", "0"}).status == exit_status::usage);
  CHECK(refusal({"version", "--timeout", "604801"}).status == exit_status::usage);
}

TEST_CASE("command line: help shows the verb's options and an example") {
  CHECK(help({"--help"}).find("troupe gateway run") != std::string::npos);
  CHECK(help({"agent", "--help"}).find("--session-key") != std::string::npos);
  CHECK(help({"gateway", "run", "--help"}).find("--accept-unenforced") != std::string::npos);
  CHECK(help({"chat", "--help"}).find("troupe chat --message") != std::string::npos);
}
