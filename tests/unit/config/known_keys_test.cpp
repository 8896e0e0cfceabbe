#include "config/known/known_keys.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <algorithm>
#include <fstream>

namespace troupe::config {
namespace {

bool accepts(std::string_view type, std::string_view json) {
  return type_accepts(type, boost::json::parse(json));
}

TEST_CASE("known keys: finds rows and what they say", "[known_keys]") {
  CHECK(find_known_key("gateway.port")->type == "integer");
  CHECK_FALSE(find_known_key("gateway.port")->restricts);
  CHECK(find_known_key("gateway.roles")->restricts);
  CHECK(find_known_key("bindings[].match.peer.kind")->type == R"("channel"|"direct"|"group")");
  CHECK(find_known_key("agents.entries.*.model.fallbacks[]")->type == "string");
  for (const auto* none : {"", "gateway.", "gateway.por", "gateway.port2", "zzz", "*", "$", "a"})
    CHECK_FALSE(find_known_key(none));
}

TEST_CASE("known keys: the first and the last row are found", "[known_keys]") {
  CHECK(find_known_key("$schema"));
  CHECK(find_known_key("worktreeRoot"));
}

TEST_CASE("known keys: lists what stands directly below", "[known_keys]") {
  const auto below = known_children("gateway.auth.trustedProxy.deviceAutoApprove");
  CHECK(below == std::vector<std::string_view>{"enabled", "scopes"});
  CHECK(known_children("bindings") == std::vector<std::string_view>{"[]"});
  CHECK(known_children("gateway.auth.identityScopes") == std::vector<std::string_view>{"*"});
  CHECK(known_children("models.providers.*.params").empty());
  const auto roots = known_children("");
  CHECK(std::ranges::find(roots, "gateway") != roots.end());
  CHECK(std::ranges::find(roots, "bindings") != roots.end());
}

TEST_CASE("known keys: judges values by type", "[known_keys]") {
  CHECK(accepts("integer", "5"));
  CHECK(accepts("integer", "5.0"));
  CHECK_FALSE(accepts("integer", "5.5"));
  CHECK_FALSE(accepts("integer", "\"5\""));
  CHECK(accepts("number", "5.5"));
  CHECK(accepts("boolean|object", "{}"));
  CHECK(accepts("boolean|object", "true"));
  CHECK_FALSE(accepts("boolean|object", "[]"));
  CHECK(accepts("false|string", "false"));
  CHECK_FALSE(accepts("false|string", "true"));
  CHECK(accepts("0|1", "1"));
  CHECK_FALSE(accepts("0|1", "2"));
  CHECK(accepts("\"a\"|\"b\"", "\"b\""));
  CHECK_FALSE(accepts("\"a\"|\"b\"", "\"c\""));
  CHECK(accepts("\"a\"|\"b\"", "\"${X}\""));
  CHECK(accepts("string|null", "null"));
  CHECK(accepts("any", "[1]"));
  CHECK(accepts("\"a\"|\"cut off", "\"whatever\""));
  CHECK_FALSE(accepts("\"a\"|\"cut off", "1"));
}

TEST_CASE("nearest: finds slips of the finger only", "[known_keys]") {
  const std::vector<std::string> names{"port", "bind", "auth", "customBindHost"};
  CHECK(nearest("prot", names) == "port");
  CHECK(nearest("Port", names) == "port");
  CHECK(nearest("ports", names) == "port");
  CHECK(nearest("customHost", names).empty());
  CHECK(nearest("custombindhots", names) == "customBindHost");
  CHECK(nearest("zzzz", names).empty());
  CHECK(nearest("x", {"y"}).empty());
  CHECK(nearest(std::string(1000, 'p'), names).empty());
  CHECK(nearest("port", {}).empty());
}

TEST_CASE("known keys: every row of the table is found", "[known_keys]") {
  std::ifstream table(KNOWN_KEYS_FILE);
  REQUIRE(table);
  std::size_t rows = 0;
  std::string line;
  std::string before;
  while (std::getline(table, line)) {
    const auto path = line.substr(0, line.find('\t'));
    const auto found = find_known_key(path);
    REQUIRE(found);
    CHECK(found->restricts == line.ends_with("\tyes"));
    CHECK(before < path);
    before = path;
    ++rows;
  }
  CHECK(rows > 7'000);
}

} // namespace
} // namespace troupe::config
