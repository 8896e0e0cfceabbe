#include "actors/gateway/http_auth.hpp"
#include "actors/gateway/probes.hpp"
#include "tests/support/gateway_facts.hpp"

#include <catch2/catch.hpp>

namespace troupe::gateway {

using test::gateway_facts;
using test::parse;
using namespace std::chrono_literals;

namespace {

struct probed : gateway_facts {
  std::shared_ptr<gateway_shared> shared = share();
  net::http_request request;

  probed() {
    request.method = "GET";
    request.peer = {"127.0.0.1", 1, true};
    request.headers = {{"host", "127.0.0.1:18789"}};
  }
  net::http_response get(std::string path) {
    request.target = std::move(path);
    const auto answered = answer_probe(*shared, request);
    REQUIRE(answered);
    return *answered;
  }
  std::optional<http_refusal> stranger() {
    return refuse_stranger(config->values.gateway, request, shared->limiter(), time.now_boot());
  }
};

std::string header(const net::http_response& response, std::string_view name) {
  for (const auto& [known, value] : response.headers)
    if (known == name)
      return value;
  return {};
}

} // namespace

TEST_CASE_METHOD(probed, "probes: health is live whatever happens", "[gateway]") {
  status->started = false;
  for (const auto* path : {"/health", "/healthz", "/healthz?x=1"}) {
    const auto response = get(path);
    CHECK(response.status == 200);
    CHECK(response.body == R"({"ok":true,"status":"live"})");
    CHECK(header(response, "Cache-Control") == "no-store");
    CHECK(header(response, "Content-Type") == "application/json; charset=utf-8");
  }
}

TEST_CASE_METHOD(probed, "probes: readiness names what is in the way", "[gateway]") {
  auto response = get("/readyz");
  CHECK(response.status == 200);
  CHECK(response.body == R"({"ready":true,"failing":[],"uptimeMs":0})");
  status->started = false;
  status->draining = true;
  log.set_pressure(storage_pressure::high);
  response = get("/ready");
  CHECK(response.status == 503);
  CHECK(parse(response.body).at("failing") ==
        boost::json::array({"startup", "draining", "storage"}));
}

TEST_CASE_METHOD(probed, "probes: details are for this machine and for operators", "[gateway]") {
  request.peer = {"10.0.0.1", 1, false};
  CHECK(get("/readyz").body == R"({"ready":true})");
  request.headers.emplace_back("authorization", "Bearer wrong");
  CHECK(get("/readyz").body == R"({"ready":true})");
  request.headers.back().second = "Bearer secret";
  CHECK(parse(get("/readyz").body).as_object().contains("uptimeMs"));
}

TEST_CASE_METHOD(probed, "probes: startup tells version and uptime", "[gateway]") {
  time.advance(1500ms);
  CHECK(get("/startupz").body ==
        R"({"ok":true,"status":"started","version":"0.1.0","uptimeMs":1500})");
  status->started = false;
  CHECK(get("/startup").status == 503);
}

TEST_CASE_METHOD(probed, "probes: only GET and HEAD, and only their own paths", "[gateway]") {
  request.method = "POST";
  const auto refused = get("/healthz");
  CHECK(refused.status == 405);
  CHECK(refused.body == "Method Not Allowed");
  CHECK(header(refused, "Allow") == "GET, HEAD");
  request.method = "HEAD";
  CHECK(get("/healthz").status == 200);
  for (const auto* path : {"/", "/healthzz", "/health/", "/introspect/actors"}) {
    request.target = path;
    CHECK_FALSE(answer_probe(*shared, request));
  }
}

TEST_CASE_METHOD(probed, "http auth: the secret as bearer, guesses answered late", "[gateway]") {
  auto refused = stranger();
  REQUIRE(refused);
  CHECK(refused->response.status == 401);
  CHECK(refused->response.body == R"({"error":{"message":"Unauthorized","type":"unauthorized"}})");
  CHECK(refused->delay == 0ms);
  request.headers.emplace_back("authorization", "Bearer wrong");
  CHECK(stranger()->delay == 250ms);
  request.headers.back().second = "Bearer secret";
  CHECK_FALSE(stranger());
}

TEST_CASE_METHOD(probed, "http auth: another machine is locked out after ten guesses",
                 "[gateway]") {
  request.peer = {"10.0.0.1", 1, false};
  request.headers.emplace_back("authorization", "Bearer wrong");
  for (int i = 0; i < 10; ++i)
    CHECK(stranger()->response.status == 401);
  request.headers.back().second = "Bearer secret";
  const auto locked = stranger();
  CHECK(locked->response.status == 429);
  CHECK(header(locked->response, "Retry-After") == "300");
}

TEST_CASE_METHOD(probed, "http auth: mode none trusts this machine by its own name only",
                 "[gateway]") {
  config->values.gateway.auth.mode = config::auth_mode::none;
  CHECK_FALSE(stranger());
  request.headers = {{"host", "rebound.example:18789"}};
  CHECK(stranger()->response.status == 401);
  request.headers = {{"host", "127.0.0.1"}, {"origin", "http://evil.example"}};
  CHECK(stranger()->response.status == 403);
  request.headers = {{"host", "127.0.0.1"}, {"x-forwarded-for", "1.2.3.4"}};
  CHECK(stranger()->response.status == 401);
  request.headers = {{"host", "127.0.0.1"}};
  request.peer = {"10.0.0.1", 1, false};
  CHECK(stranger()->response.status == 401);
}

} // namespace troupe::gateway
