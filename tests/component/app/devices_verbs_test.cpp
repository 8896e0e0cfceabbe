#include "app/cli/json_view.hpp"
#include "tests/component/app/cli_world.hpp"
#include "tests/component/app/fake_gateway.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

namespace {

using namespace troupe::test;
namespace json = boost::json;
using troupe::cli::find;
using troupe::cli::text_at;

const json::value devices = json::parse(R"({
  "pending": [
    {"requestId": "3f2a-one", "deviceId": "349fc14d1a0240306cd9", "clientId": "openclaw-linux",
     "displayName": "the \u001b[31mphone", "platform": "linux", "role": "operator",
     "scopes": ["operator.read"], "remoteIp": "203.0.113.5"},
    {"requestId": "3f2b-two", "deviceId": "0b12", "scopes": []}],
  "paired": [
    {"deviceId": "0b12e550e8813df7746f", "clientId": "openclaw-tui", "platform": "linux",
     "role": "operator", "scopes": ["operator.read", "operator.write"], "connected": true,
     "tokens": [{"role": "operator", "revokedAtMs": 5}]}]})");

script lists() {
  return [](fake_connection& client) {
    client.welcome();
    client.respond(client.expect("device.pair.list"), devices);
    client.request();
  };
}

script obeys(const std::string& method) {
  return [method](fake_connection& client) {
    client.welcome();
    client.respond(client.expect(method), json::object{{"deviceId", "d"}});
    client.request();
  };
}

/// The parameters of the only order.
json::value params_of(const fake_gateway& gateway, const std::string& method) {
  const auto orders = gateway.requests(method);
  REQUIRE(orders.size() == 1);
  return orders.front().at("params");
}

} // namespace

TEST_CASE("devices list: shows who waits and who is paired, without control characters") {
  fake_gateway gateway{{lists()}};
  cli_world shell;

  CHECK(shell.run({"devices", "list", "--url", gateway.url()}) == 0);
  for (const char* const part : {"3f2a-one", "phone", "203.0.113.5", "0b12e550e881", "connected",
                                 "operator.read, operator.write", "revoked: operator"})
    CHECK(shell.out.find(part) != std::string::npos);
  CHECK(shell.out.find('\x1b') == std::string::npos);
}

TEST_CASE("devices list: is one JSON object on demand") {
  fake_gateway gateway{{lists()}};
  cli_world shell;

  CHECK(shell.run({"devices", "list", "--json", "--url", gateway.url()}) == 0);
  const auto told = json::parse(shell.out);
  CHECK(find(told, "pending")->as_array() == devices.at("pending").as_array());
  CHECK(find(told, "paired")->as_array() == devices.at("paired").as_array());
}

TEST_CASE("devices approve: the beginning of the id is enough, if it is one's own") {
  fake_gateway gateway{{lists(), obeys("device.pair.approve")}};
  cli_world shell;

  CHECK(shell.run({"devices", "approve", "3f2a", "--url", gateway.url()}) == 0);
  CHECK(text_at(params_of(gateway, "device.pair.approve"), "requestId") == "3f2a-one");
  CHECK(shell.out.find("approved: 349fc14d1a02") != std::string::npos);
}

TEST_CASE("devices approve: says when the id fits none or several") {
  for (const auto& [wanted, code] :
       {std::pair{"3f2", "ambiguous"}, {"9", "not_found"}, {"", "not_found"}}) {
    fake_gateway gateway{{lists()}};
    cli_world shell;
    CHECK(shell.run({"devices", "approve", wanted, "--json", "--url", gateway.url()}) != 0);
    CHECK(text_at(json::parse(shell.out), "error.code") == code);
  }
}

TEST_CASE("devices: each order names its device, role and scopes") {
  struct order {
    std::vector<std::string> words;
    std::string method;
    std::string params;
  };
  const std::vector<order> orders{
      {{"reject", "3f2b"}, "device.pair.reject", R"({"requestId":"3f2b-two"})"},
      {{"remove", "0b12"}, "device.pair.remove", R"({"deviceId":"0b12e550e8813df7746f"})"},
      {{"revoke", "0b12"},
       "device.token.revoke",
       R"({"deviceId":"0b12e550e8813df7746f","role":"operator"})"},
      {{"rotate", "0b12", "--role", "node"},
       "device.token.rotate",
       R"({"deviceId":"0b12e550e8813df7746f","role":"node"})"},
      {{"rotate", "0b12", "--scope", "operator.read"},
       "device.token.rotate",
       R"({"deviceId":"0b12e550e8813df7746f","role":"operator","scopes":["operator.read"]})"}};
  for (const auto& one : orders) {
    fake_gateway gateway{{lists(), obeys(one.method)}};
    cli_world shell;
    std::vector<std::string> words{"devices"};
    words.insert(words.end(), one.words.begin(), one.words.end());
    words.insert(words.end(), {"--url", gateway.url()});
    words.emplace_back("--json");
    CHECK(shell.run(words) == 0);
    CHECK(text_at(json::parse(shell.out), "payload.deviceId") == "d");
    CHECK(params_of(gateway, one.method) == json::parse(one.params));
  }
}
