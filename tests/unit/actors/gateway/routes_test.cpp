#include "actors/gateway/routes.hpp"
#include "tests/support/gateway_facts.hpp"

#include <catch2/catch.hpp>

namespace troupe::gateway {
namespace {

constexpr http_route made_up{"/v1/made-up", "GET, POST", 1000};

struct asked : test::gateway_facts {
  std::shared_ptr<gateway_shared> shared = share();
  net::http_request head;

  asked() {
    head.method = "POST";
    head.target = "/v1/made-up";
    head.peer = {"127.0.0.1", 1, true};
    head.headers = {{"host", "127.0.0.1"}, {"authorization", "Bearer secret"}};
  }
  net::body_wish wish(const http_route* route = &made_up) {
    return wish_for_body(route, config->values.gateway, head, shared->limiter(), time.now_boot());
  }
};

} // namespace

TEST_CASE("routes: a method is allowed by its whole name", "[gateway]") {
  for (const auto* method : {"GET", "POST"})
    CHECK(made_up.allows(method));
  for (const auto* method : {"", "GE", "GET,", "HEAD", "get", "POST, GET"})
    CHECK_FALSE(made_up.allows(method));
}

TEST_CASE("routes: a path is found as a whole", "[gateway]") {
  const config::gateway_settings settings;
  CHECK(find_route("/introspect/actors", settings) != nullptr);
  for (const auto* path : {"", "/", "/introspect", "/introspect/actors/", "/Introspect/actors"})
    CHECK(find_route(path, settings) == nullptr);
}

TEST_CASE("routes: the completion APIs are off until they are asked for", "[gateway]") {
  config::gateway_settings settings;
  for (const auto* path : {"/v1/models", "/v1/models/openclaw", "/v1/chat/completions"})
    CHECK(find_route(path, settings) == nullptr);

  CHECK(find_route("/v1/responses", settings) == nullptr);
  CHECK(find_route("/tools/invoke", settings) != nullptr); // Always on.

  settings.http.chat_completions = true;
  CHECK(find_route("/v1/responses", settings) == nullptr);
  for (const auto* path : {"/v1/models", "/v1/models/openclaw%2Fmain", "/v1/chat/completions"})
    CHECK(find_route(path, settings) != nullptr);
  for (const auto* path : {"/v1/models/", "/v1/modelsx", "/v1/chat/completions/x", "/v1"})
    CHECK(find_route(path, settings) == nullptr);
}

TEST_CASE_METHOD(asked, "routes: a body is read up to the route's bound", "[gateway]") {
  CHECK(wish().wanted);
  CHECK(wish().bytes_max == 1000);
}

TEST_CASE_METHOD(asked, "routes: no body is read where the head decides the answer", "[gateway]") {
  CHECK_FALSE(wish(nullptr).wanted);
  CHECK_FALSE(wish(find_route("/introspect/actors", config->values.gateway)).wanted);
  head.method = "PUT";
  CHECK_FALSE(wish().wanted);
  head.method = "POST";
  head.headers[1].second = "Bearer wrong";
  CHECK_FALSE(wish().wanted);
  head.headers[1].second = "Bearer secret";
  head.headers.emplace_back("origin", "https://evil.example");
  CHECK_FALSE(wish().wanted);
}

TEST_CASE_METHOD(asked, "routes: a look at the head is no guess at the secret", "[gateway]") {
  head.peer = {"192.0.2.1", 1, false};
  head.headers = {{"host", "gw"}, {"authorization", "Bearer wrong"}};
  for (unsigned i = 0; i <= config::auth_rate_limit{}.attempts_max; ++i)
    CHECK_FALSE(wish().wanted);
  CHECK(shared->limiter()
            .locked_for(guessed::shared_secret, "192.0.2.1", false, time.now_boot())
            .count() == 0);
}

} // namespace troupe::gateway
