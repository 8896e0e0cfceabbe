#include "actors/gateway/session_key.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace troupe::gateway {
namespace {

config::agents_settings two_agents() {
  config::agents_settings agents;
  agents.entries.resize(2);
  agents.entries[0].id = "main";
  agents.entries[1].id = "work";
  return agents;
}

std::string canonical(std::string_view written, std::string_view agent = {}) {
  const auto key = canonical_session_key(written, agent, two_agents());
  if (const auto* wrong = std::get_if<protocol_error>(&key))
    return "error: " + wrong->message;
  return std::get<session_key>(key).text;
}

} // namespace

TEST_CASE("session key: short forms belong to the default agent", "[gateway]") {
  CHECK(canonical("main") == "agent:main:main");
  CHECK(canonical("MAIN") == "agent:main:main");
  CHECK(canonical(" foo ") == "agent:main:foo");
  CHECK(canonical("tui-1") == "agent:main:tui-1");
}

TEST_CASE("session key: short forms follow agentId when it is given", "[gateway]") {
  CHECK(canonical("main", "work") == "agent:work:main");
  CHECK(canonical("foo", "Work") == "agent:work:foo");
}

TEST_CASE("session key: full forms get a lower-case agent and keep the rest", "[gateway]") {
  CHECK(canonical("agent:Main:main") == "agent:main:main");
  CHECK(canonical("Agent:WORK:Telegram:Group:5") == "agent:work:Telegram:Group:5");
  CHECK(canonical("agent:main:MAIN") == "agent:main:main");
}

TEST_CASE("session key: canonical keys stay as they are", "[gateway]") {
  for (const auto* written : {"main", "foo", "agent:work:a:b", "MAIN"}) {
    const auto once = canonical(written);
    CHECK(canonical(once) == once);
  }
}

TEST_CASE("session key: refuses what is no key", "[gateway]") {
  CHECK(canonical("") == "error: session key is empty");
  CHECK(canonical("  ") == "error: session key is empty");
  CHECK(canonical("agent:main") == "error: session key must look like agent:<agentId>:<name>");
  CHECK(canonical("agent::x") == "error: session key must look like agent:<agentId>:<name>");
  CHECK(canonical("agent:main:") == "error: session key must look like agent:<agentId>:<name>");
  CHECK(canonical("a\nb") == "error: session key contains control characters");
}

TEST_CASE("session key: is at most 512 bytes, also once it is canonical", "[gateway]") {
  const auto prefix = std::string{"agent:main:"}.size();
  CHECK(canonical(std::string(512 - prefix, 'x')).size() == 512);
  CHECK(canonical(std::string(513 - prefix, 'x')) ==
        "error: session key is longer than 512 characters");
  CHECK(canonical(std::string(513, 'x')) == "error: session key is longer than 512 characters");
}

TEST_CASE("session key: an agent that is not configured is named", "[gateway]") {
  const auto key = canonical_session_key("agent:nope:main", {}, two_agents());
  const auto& wrong = std::get<protocol_error>(key);
  CHECK(wrong.code == "INVALID_REQUEST");
  CHECK(wrong.details == R"({"code":"UNKNOWN_AGENT_ID","agentId":"nope"})");
}

TEST_CASE("session key: agentId may not contradict the key", "[gateway]") {
  CHECK(canonical("agent:main:x", "work").starts_with("error: agentId"));
  CHECK(canonical("agent:work:x", "work") == "agent:work:x");
}

TEST_CASE("session key: knows its parts and the reserved namespaces", "[gateway]") {
  const auto key = std::get<session_key>(canonical_session_key("a:b", {}, two_agents()));
  CHECK(key.rest() == "a:b");
  CHECK_FALSE(key.is_main());
  CHECK(agent_of("agent:work:x") == "work");
  CHECK(agent_of("hook:1").empty());
  CHECK(is_reserved_namespace("cron:1"));
  CHECK(is_reserved_namespace("SubAgent:1"));
  CHECK_FALSE(is_reserved_namespace("cronic"));
}

} // namespace troupe::gateway
