#include "tests/component/net/server_world.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace troupe::test {

TEST_CASE("http server: answers a request with the standing headers", "[http]") {
  server_world world;
  auto client = world.connect();

  client.send("GET /healthz?x=1 HTTP/1.1\r\nHost: test\r\n\r\n");
  const auto response = client.read_response();

  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK(response->body == "GET /healthz?x=1");
  CHECK(response->header("X-Content-Type-Options") == "nosniff");
  CHECK(response->header("Referrer-Policy") == "no-referrer");
  CHECK(response->header("Permissions-Policy") == "camera=(), microphone=(self), geolocation=()");
  CHECK(response->header("Content-Length") == "16");
  CHECK(response->header("Connection") == "keep-alive");
  CHECK_FALSE(response->header("Date").empty());
}

} // namespace troupe::test
