#include "actors/gateway/http_auth.hpp"
#include "tests/unit/actors/gateway/device_world.hpp"

namespace troupe::test {

using namespace gateway;

namespace {

const test_device browser{1};

struct bearer_world : device_world {
  config::gateway_settings settings;
  net::http_request request;

  bearer_world() {
    settings.auth.token = secret{"secret"};
    request.method = "GET";
    request.target = "/control-ui-config.json";
    request.peer = {"127.0.0.1", 1, true};
    request.headers = {{"host", "127.0.0.1:18789"}};
  }

  bool lets_in(const std::string& token, const std::string& origin = {}) {
    auto asked = request;
    if (!token.empty())
      asked.headers.emplace_back("authorization", "Bearer " + token);
    if (!origin.empty())
      asked.headers.emplace_back("origin", origin);
    return bears_device_token(settings, store->rows(), asked);
  }
};

} // namespace

TEST_CASE_METHOD(bearer_world, "device token over HTTP: one in force that may read is known",
                 "[devices][security]") {
  const auto grant = paired(an_ask(browser, {"operator.read", "operator.write"}));
  CHECK(lets_in(grant.token));
  CHECK(lets_in(grant.token, "http://127.0.0.1:18789"));
  CHECK_FALSE(lets_in(grant.token, "https://evil.example"));
  CHECK_FALSE(lets_in(grant.token, "null"));
  CHECK_FALSE(lets_in(""));
  CHECK_FALSE(lets_in(grant.token + "x"));
  CHECK_FALSE(lets_in("secret")); // The shared secret is another's to judge.
}

TEST_CASE_METHOD(bearer_world, "device token over HTTP: not what was revoked, rotated or removed",
                 "[devices][security]") {
  const auto device_admin = an_operator({"operator.admin"});
  auto token = paired(an_ask(browser, {"operator.read"})).token;
  REQUIRE(lets_in(token));
  payload_of(rotate(browser.id, device_admin));
  CHECK_FALSE(lets_in(token));
  token = paired(an_ask(browser, {"operator.read"})).token;
  REQUIRE(lets_in(token));
  payload_of(revoke(browser.id));
  CHECK_FALSE(lets_in(token));
  payload_of(remove(browser.id));
  CHECK_FALSE(lets_in(token));
}

TEST_CASE_METHOD(bearer_world, "device token over HTTP: not one that may not look at things",
                 "[devices][security]") {
  CHECK_FALSE(lets_in(paired(an_ask(browser, {"operator.pairing"})).token));
  CHECK_FALSE(lets_in(paired(an_ask(test_device{2}, {}, "node")).token));
  CHECK(lets_in(paired(an_ask(test_device{3}, {"operator.admin"})).token));
}

} // namespace troupe::test
