#include "tests/component/net/server_world.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>

namespace troupe::test {

namespace {

using net::answer_lost;

constexpr std::string_view held = "GET /hold HTTP/1.1\r\nHost: test\r\n\r\n";

bool holds(server_world& world, std::size_t count = 1) {
  return world.book().wait([&] { return world.book().held.size() == count; });
}
bool loses(server_world& world, answer_lost why) {
  return world.book().wait([&] { return !world.book().lost.empty(); }) &&
         world.book().lost.back() == why;
}
net::http_responder last_held(server_world& world) {
  const std::lock_guard lock{world.book().mutex};
  return world.book().held.back();
}

} // namespace

TEST_CASE("http gone: a client that closes is noticed while its answer is being made", "[http]") {
  server_world world;
  {
    auto client = world.connect();
    client.send(held);
    REQUIRE(holds(world));
  }
  CHECK(loses(world, answer_lost::client_left));
  CHECK(world.reaches_connections(0));
  last_held(world).send({200, {}, "for nobody"});
  CHECK(world.server().counters().answers_lost == 1);
}

TEST_CASE("http gone: a reset is noticed, also behind pipelined requests", "[http]") {
  server_world world;
  const std::string more = "GET /next HTTP/1.1\r\nHost: test\r\n\r\n";
  std::size_t asked = 0;
  for (const std::size_t pipelined : {0u, 1u, 100u, 20'000u}) {
    auto client = world.connect();
    client.send(held);
    REQUIRE(holds(world, ++asked));
    std::string rest;
    for (std::size_t i = 0; i < pipelined; ++i)
      rest += more;
    client.send(rest);
    client.reset();
    CHECK(world.book().wait([&] { return world.book().lost.size() == asked; }));
  }
  CHECK(world.reaches_connections(0));
}

TEST_CASE("http gone: a client that pipelines and closes is noticed", "[http]") {
  server_world world;
  {
    auto client = world.connect();
    client.send(std::string{held} + "GET /next HTTP/1.1\r\nHost: test\r\n\r\n");
    REQUIRE(holds(world));
  }
  CHECK(loses(world, answer_lost::client_left));
  CHECK(world.reaches_connections(0));
  CHECK(world.book().requests.size() == 1);
}

TEST_CASE("http gone: a client that only stops sending reads an interim and then its answer",
          "[http]") {
  server_world world;
  auto client = world.connect();
  client.send(held);
  REQUIRE(holds(world));
  client.half_close();

  const auto interim = client.read_response(true);
  REQUIRE(interim);
  CHECK(interim->status == 100);
  last_held(world).send({200, {}, "still here"});
  CHECK(client.read_response().value_or(raw_response{}).body == "still here");
  CHECK(client.closes());
  CHECK(world.book().lost.empty());
}

TEST_CASE("http gone: a half-closed client of HTTP/1.0 is sent no interim", "[http]") {
  server_world world;
  auto client = world.connect();
  client.send("GET /hold HTTP/1.0\r\n\r\n");
  client.half_close();
  REQUIRE(holds(world));
  last_held(world).send({200, {}, "still here"});
  CHECK(client.read_response().value_or(raw_response{}).body == "still here");
  CHECK(client.closes());
}

TEST_CASE("http gone: a half-closed client gets its stream", "[http]") {
  server_world world;
  auto client = world.connect();
  client.send(held);
  REQUIRE(holds(world));
  const auto stream = last_held(world).begin({200, {}, std::string{net::sse_idle_piece}});
  REQUIRE(client.read_response(true));
  client.half_close();
  CHECK(client.read_chunk() == net::sse_idle_piece);
  CHECK(stream.write("data"));
  CHECK(client.read_chunk() == "data");
  stream.end();
  CHECK(client.read_chunk() == "");
  CHECK(world.book().lost.empty());
}

TEST_CASE("http gone: a closed client is noticed between two pieces", "[http]") {
  server_world world;
  auto client = std::optional{world.connect()};
  client->send(held);
  REQUIRE(holds(world));
  const auto stream = last_held(world).begin({200, {}, std::string{net::sse_idle_piece}});
  REQUIRE(stream.write("data"));
  REQUIRE(client->read_response(true));
  client.reset();
  CHECK(loses(world, answer_lost::client_left));
  CHECK_FALSE(stream.write("more"));
  CHECK(world.reaches_connections(0));
}

TEST_CASE("http gone: without an idle piece a write finds out", "[http]") {
  server_world world;
  auto client = std::optional{world.connect()};
  client->send(held);
  REQUIRE(holds(world));
  const auto stream = last_held(world).begin({200, {}, {}});
  REQUIRE(client->read_response(true));
  client.reset();
  CHECK(eventually([&] { return !stream.write("x"); }));
  CHECK(loses(world, answer_lost::client_left));
}

TEST_CASE("http gone: whoever watches too late is told at once", "[http]") {
  server_world world;
  {
    auto client = world.connect();
    client.send(held);
    REQUIRE(holds(world));
  }
  REQUIRE(loses(world, answer_lost::client_left));
  std::optional<answer_lost> told;
  last_held(world).watch({[&](answer_lost why) { told = why; }, {}});
  CHECK(told == answer_lost::client_left);
}

TEST_CASE("http gone: an answer that came in time is never lost afterwards", "[http]") {
  server_world world;
  {
    auto client = world.connect();
    client.send(held);
    REQUIRE(holds(world));
    last_held(world).send({200, {}, "ok"});
    REQUIRE(client.read_response());
  }
  CHECK(world.reaches_connections(0));
  last_held(world).watch({[](answer_lost) { FAIL("told of a loss"); }, {}});
  CHECK(world.book().lost.empty());
}

TEST_CASE("http gone: the deadline and the end of the server are told apart", "[http]") {
  net::server_limits limits;
  limits.answer_ms_max = 50;
  {
    server_world world{limits};
    auto client = world.connect();
    client.send(held);
    CHECK(client.read_response().value_or(raw_response{}).status == 504);
    CHECK(loses(world, answer_lost::timed_out));
    CHECK(client.closes());
  }
  server_world world;
  auto client = world.connect();
  client.send(held);
  REQUIRE(holds(world));
  world.stop();
  CHECK(loses(world, answer_lost::server_stopped));
}

} // namespace troupe::test
