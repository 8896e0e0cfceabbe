#include "tests/component/net/server_world.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <vector>

namespace troupe::test {

namespace {

constexpr std::size_t header_bytes_max = 2048;
constexpr std::size_t body_bytes_max = 1000;

net::server_limits small() {
  net::server_limits limits;
  limits.header_bytes_max = header_bytes_max;
  limits.body_bytes_max = body_bytes_max;
  return limits;
}

/// A request whose head is exactly `bytes` long.
std::string head_of(std::size_t bytes) {
  const std::string start = "GET / HTTP/1.1\r\nHost: test\r\nX-Fill: ";
  return start + std::string(bytes - start.size() - 4, 'f') + "\r\n\r\n";
}

unsigned status_of(std::optional<raw_response> response) {
  return response ? response->status : 0;
}

} // namespace

TEST_CASE("http limits: a head at the bound passes, one byte more is 431", "[http]") {
  server_world world{small()};
  auto fits = world.connect();
  auto over = world.connect();

  fits.send(head_of(header_bytes_max));
  over.send(head_of(header_bytes_max + 1));

  CHECK(status_of(fits.read_response()) == 200);
  CHECK(status_of(over.read_response()) == 431);
  CHECK(over.closes());
}

TEST_CASE("http limits: the head's bound holds however it is cut into pieces", "[http]") {
  server_world world{small()};
  auto fits = world.connect();
  auto endless = world.connect();

  for (const char c : head_of(header_bytes_max))
    REQUIRE(fits.send({&c, 1}));
  endless.send("GET / HTTP/1.1\r\nHost: test\r\nX-Endless: ");
  const std::string more(100, 'e');
  for (int i = 0; i < 100 && endless.send(more); ++i) {
  }

  CHECK(status_of(fits.read_response()) == 200);
  CHECK(status_of(endless.read_response()) == 431);
}

TEST_CASE("http limits: the usual bound leaves room for 10,000 bytes of headers", "[http]") {
  server_world world;
  auto client = world.connect();
  client.send(head_of(10'000));
  CHECK(status_of(client.read_response()) == 200);
}

TEST_CASE("http limits: a body at the bound passes, one byte more is 413", "[http]") {
  server_world world{small()};
  auto fits = world.connect();
  auto over = world.connect();

  fits.send(fmt::format("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n{}",
                        body_bytes_max, std::string(body_bytes_max, 'b')));
  // Nothing of the body is sent: the promise is enough.
  over.send(fmt::format("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\nExpect: "
                        "100-continue\r\n\r\n",
                        body_bytes_max + 1));

  CHECK(fits.read_response().value_or(raw_response{}).body.size() == body_bytes_max);
  const auto refused = over.read_response();
  REQUIRE(refused);
  CHECK(refused->status == 413);
  CHECK(refused->header("Connection") == "close");
  CHECK(refused->body ==
        R"({"error":{"message":"Payload too large","type":"invalid_request_error"}})");
  CHECK(over.closes());
}

TEST_CASE("http limits: a chunked body is bounded as a whole", "[http]") {
  server_world world{small()};
  const std::string begin =
      "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n";
  const auto chunk = [](std::size_t bytes) {
    return fmt::format("{:x}\r\n{}\r\n", bytes, std::string(bytes, 'c'));
  };
  auto fits = world.connect();
  auto over = world.connect();

  fits.send(begin + chunk(body_bytes_max / 2) + chunk(body_bytes_max / 2) + "0\r\n\r\n");
  over.send(begin + chunk(body_bytes_max / 2) + chunk(body_bytes_max / 2) + chunk(1));

  CHECK(fits.read_response().value_or(raw_response{}).body.size() == body_bytes_max);
  CHECK(status_of(over.read_response()) == 413);
  CHECK(over.closes());
}

TEST_CASE("http limits: a refused client that goes on sending still reads the answer", "[http]") {
  server_world world{small()};
  auto client = world.connect();
  client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 500000\r\n\r\n" +
              std::string(500'000, 'b'));
  CHECK(status_of(client.read_response()) == 413);
}

TEST_CASE("http limits: malformed requests are 400 in text and end the connection", "[http]") {
  server_world world;
  for (const auto* request : {
           "nonsense\r\n\r\n",
           "GET /\r\n\r\n",
           "GET / HTTP/1.1\nHost: test\n\n",
           "GET  / HTTP/1.1\r\nHost: test\r\n\r\n",
           "GET / HTTP/1.1\r\nHost : test\r\n\r\n",
           "GET / HTTP/1.1\r\n: empty\r\nHost: test\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: te\x01st\r\n\r\n",
           "GET / HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
           "G\x80T / HTTP/1.1\r\nHost: test\r\n\r\n",
       }) {
    INFO(request);
    auto client = world.connect();
    client.send(request);
    client.half_close();
    const auto response = client.read_response();
    REQUIRE(response);
    CHECK(response->status == 400);
    CHECK(response->header("Content-Type") == "text/plain; charset=utf-8");
    CHECK(response->header("X-Content-Type-Options") == "nosniff");
    CHECK(client.closes());
  }
  CHECK(world.book().requests.empty());
}

TEST_CASE("http limits: requests with two readings never reach the sink", "[http]") {
  server_world world;
  const std::string start = "POST /echo HTTP/1.1\r\nHost: test\r\n";
  const std::string hidden = "GET /hidden HTTP/1.1\r\nHost: test\r\n\r\n";
  for (const auto* headers : {
           "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
           "Content-Length: 5\r\nContent-Length: 5\r\n",
           "Content-Length: 5\r\nContent-Length: 6\r\n",
           "Content-Length: 5, 5\r\n",
           "Content-Length: +5\r\n",
           "Content-Length: -1\r\n",
           "Content-Length: 0x5\r\n",
           "Content-Length: 5 5\r\n",
           "Content-Length: 99999999999999999999\r\n",
           "Content-Length: \r\n",
           "Transfer-Encoding: gzip, chunked\r\n",
           "Transfer-Encoding: chunked, chunked\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: identity\r\n",
           "Transfer-Encoding: xchunked\r\n",
           "Transfer-Encoding : chunked\r\n",
           "Transfer-Encoding: \x0b"
           "chunked\r\n",
       }) {
    INFO(headers);
    auto client = world.connect();
    client.send(start + headers + "\r\n0\r\n\r\n" + hidden);
    const auto response = client.read_response();
    REQUIRE(response);
    CHECK((response->status == 400 || response->status == 501 || response->status == 413));
    CHECK(client.closes());
  }
  CHECK(world.book().requests.empty());
}

TEST_CASE("http limits: broken chunks end the connection", "[http]") {
  server_world world;
  for (const auto* body :
       {"x\r\n", "-1\r\n", "5\r\nhelloXX0\r\n\r\n", "fffffffffffffffff\r\n", "5\nhello\n0\n\n"}) {
    INFO(body);
    auto client = world.connect();
    client.send(std::string{"POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: "
                            "chunked\r\n\r\n"} +
                body);
    client.half_close();
    const auto response = client.read_response();
    CHECK((!response || response->status == 400 || response->status == 413));
    CHECK(client.closes());
  }
  CHECK(world.book().requests.empty());
}

TEST_CASE("http limits: a request that trickles in is 408 at its deadline", "[http]") {
  auto limits = small();
  limits.request_ms_max = 50;
  limits.close_ms_max = 50;
  server_world world{limits};

  auto head = world.connect();
  head.send("GET / HTTP/1.1\r\nHost: ");
  CHECK(status_of(head.read_response()) == 408);
  CHECK(head.closes());

  auto body = world.connect();
  body.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf");
  CHECK(status_of(body.read_response()) == 408);
  CHECK(body.closes());

  auto trickle = world.connect();
  trickle.send("GET / HTTP/1.1\r\nHost: test\r\nX: ");
  while (trickle.send("x")) {
  }
  CHECK(world.reaches_connections(0));
}

TEST_CASE("http limits: silent connections are closed without a word", "[http]") {
  auto limits = small();
  limits.request_ms_max = 50;
  limits.keep_alive_ms_max = 50;
  server_world world{limits};
  auto fresh = world.connect();
  auto used = world.connect();

  used.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
  REQUIRE(used.read_response());

  CHECK_FALSE(used.read_response());
  CHECK_FALSE(fresh.read_response());
  CHECK(world.reaches_connections(0));
}

TEST_CASE("http limits: an answer that does not come is 504", "[http]") {
  auto limits = small();
  limits.answer_ms_max = 50;
  server_world world{limits};
  auto client = world.connect();
  client.send("GET /hold HTTP/1.1\r\nHost: test\r\n\r\n");
  CHECK(status_of(client.read_response()) == 504);
}

TEST_CASE("http limits: a client that never reads is given up", "[http]") {
  auto limits = small();
  limits.request_ms_max = 100;
  server_world world{limits};
  auto client = world.connect();
  client.send("GET /big HTTP/1.1\r\nHost: test\r\n\r\n");
  CHECK(world.reaches_connections(1));
  CHECK(world.reaches_connections(0));
}

TEST_CASE("http limits: one connection too many is told so", "[http]") {
  auto limits = small();
  limits.connections_max = 2;
  server_world world{limits};
  auto first = world.connect();
  {
    auto second = world.connect();
    REQUIRE(world.reaches_connections(2));
    auto third = world.connect();
    const auto refused = third.read_response();
    REQUIRE(refused);
    CHECK(refused->status == 503);
    CHECK(refused->header("Retry-After") == "1");
    CHECK(third.closes());
  }
  REQUIRE(world.reaches_connections(1));
  auto fourth = world.connect();
  fourth.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
  CHECK(status_of(fourth.read_response()) == 200);
}

} // namespace troupe::test
