#include "tests/component/net/server_world.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

namespace troupe::test {

namespace {

std::string get(std::string_view target, std::string_view more = {}) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: test\r\n{}\r\n", target, more);
}

std::string post(std::string_view target, std::string_view body, std::string_view more = {}) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n{}\r\n{}", target,
                     body.size(), more, body);
}

} // namespace

TEST_CASE("http server: answers a request with the standing headers", "[http]") {
  server_world world;
  auto client = world.connect();

  client.send(get("/healthz?x=1"));
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

TEST_CASE("http server: hands the sink the request as it was sent", "[http]") {
  server_world world;
  auto client = world.connect();

  client.send(post("/echo?q=%20", "body", "X-Twice: 1\r\nx-twice: 2\r\n"));
  REQUIRE(client.read_response());

  const auto& request = world.book().requests.at(0);
  CHECK(request.method == "POST");
  CHECK(request.target == "/echo?q=%20");
  CHECK(request.path() == "/echo");
  CHECK(request.body == "body");
  CHECK(request.peer.ip == "127.0.0.1");
  CHECK(request.peer.loopback);
  CHECK(net::find_header(request.headers, "host") == "test");
  const net::header_list twice{{"x-twice", "1"}, {"x-twice", "2"}};
  CHECK(std::count(request.headers.begin(), request.headers.end(), twice[0]) == 1);
  CHECK(std::count(request.headers.begin(), request.headers.end(), twice[1]) == 1);
}

TEST_CASE("http server: keeps the connection for many requests", "[http]") {
  server_world world;
  auto client = world.connect();
  for (int i = 0; i < 50; ++i) {
    client.send(post("/echo", std::to_string(i)));
    const auto response = client.read_response();
    REQUIRE(response);
    CHECK(response->body == std::to_string(i));
  }
  CHECK(world.server().connections() == 1);
}

TEST_CASE("http server: answers pipelined requests in order", "[http]") {
  server_world world;
  auto client = world.connect();

  client.send(get("/hold") + get("/second") + post("/echo", "third"));
  REQUIRE(world.book().wait([&] { return world.book().held.size() == 1; }));
  world.book().held[0].send({200, {}, "first"});

  for (const auto* body : {"first", "GET /second", "third"}) {
    const auto response = client.read_response();
    REQUIRE(response);
    CHECK(response->body == body);
  }
}

TEST_CASE("http server: HEAD has the headers of GET and no body", "[http]") {
  server_world world;
  auto client = world.connect();

  client.send("HEAD /healthz HTTP/1.1\r\nHost: test\r\n\r\n" + get("/next"));
  const auto head = client.read_response(true);
  const auto next = client.read_response();

  REQUIRE(head);
  REQUIRE(next);
  CHECK(head->header("Content-Length") == "13");
  CHECK(next->body == "GET /next");
}

TEST_CASE("http server: reads chunked bodies", "[http]") {
  server_world world;
  auto client = world.connect();

  client.send("POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
              "5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n" +
              get("/next"));

  CHECK(client.read_response().value_or(raw_response{}).body == "hello world");
  CHECK(client.read_response().value_or(raw_response{}).body == "GET /next");
}

TEST_CASE("http server: says 100 before a body that waits for it", "[http]") {
  server_world world;
  auto client = world.connect();

  client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\nExpect: "
              "100-continue\r\n\r\n");
  const auto go_on = client.read_response();
  client.send("ok");
  const auto response = client.read_response();

  REQUIRE(go_on);
  CHECK(go_on->status == 100);
  REQUIRE(response);
  CHECK(response->body == "ok");
}

TEST_CASE("http server: closes when the client asks for it or speaks HTTP/1.0", "[http]") {
  server_world world;
  for (const auto& request :
       {get("/", "Connection: close\r\n"), std::string{"GET / HTTP/1.0\r\n\r\n"}}) {
    auto client = world.connect();
    client.send(request);
    const auto response = client.read_response();
    REQUIRE(response);
    CHECK(response->status == 200);
    CHECK(response->header("Connection") == "close");
    CHECK(client.closes());
  }
  CHECK(world.reaches_connections(0));
}

TEST_CASE("http server: answers a client that has closed its sending side", "[http]") {
  server_world world;
  auto client = world.connect();

  client.send(get("/hold"));
  client.half_close();
  REQUIRE(world.book().wait([&] { return world.book().held.size() == 1; }));
  world.book().held[0].send({200, {}, "still here"});

  CHECK(client.read_final().value_or(raw_response{}).body == "still here");
  CHECK(client.closes());
}

TEST_CASE("http server: a dropped responder answers 503", "[http]") {
  server_world world;
  auto client = world.connect();

  client.send(get("/drop") + get("/next"));
  const auto dropped = client.read_response();
  const auto next = client.read_response();

  REQUIRE(dropped);
  CHECK(dropped->status == 503);
  CHECK(dropped->header("Retry-After") == "1");
  REQUIRE(next);
  CHECK(next->status == 200);
}

TEST_CASE("http server: only the first answer counts, from whatever thread", "[http]") {
  server_world world;
  auto client = world.connect();

  client.send(get("/hold"));
  REQUIRE(world.book().wait([&] { return world.book().held.size() == 1; }));
  std::thread{[&] {
    for (const auto* body : {"one", "two", "three"})
      world.book().held[0].send({200, {}, body});
  }}.join();
  client.send(get("/next"));

  CHECK(client.read_response().value_or(raw_response{}).body == "one");
  CHECK(client.read_response().value_or(raw_response{}).body == "GET /next");
}

TEST_CASE("http server: a slow reader gets a large answer whole", "[http]") {
  server_world world;
  auto client = world.connect();
  client.set_receive_buffer(64 << 10);

  client.send(get("/big"));
  const auto response = client.read_response();

  REQUIRE(response);
  CHECK(response->body.size() == 8u << 20);
}

TEST_CASE("http server: answers that come after the client or the server harm nobody", "[http]") {
  server_world world;
  {
    auto gone = world.connect();
    gone.send(get("/hold"));
    REQUIRE(world.book().wait([&] { return world.book().held.size() == 1; }));
  }
  world.book().held[0].send({200, {}, "too late"});
  CHECK(world.reaches_connections(0));

  auto client = world.connect();
  client.send(get("/hold"));
  REQUIRE(world.book().wait([&] { return world.book().held.size() == 2; }));
  world.stop();
  world.book().held[1].send({200, {}, "much too late"});
  CHECK(client.closes());
}

TEST_CASE("http server: close_all ends what is idle and lets answers in flight out", "[http]") {
  server_world world;
  auto idle = world.connect();
  auto busy = world.connect();
  busy.send(get("/hold"));
  REQUIRE(world.book().wait([&] { return world.book().held.size() == 1; }));
  REQUIRE(world.reaches_connections(2));

  world.server().stop_accepting();
  world.server().close_all();

  CHECK(idle.closes());
  world.book().held[0].send({200, {}, "last"});
  const auto response = busy.read_response();
  REQUIRE(response);
  CHECK(response->body == "last");
  CHECK(response->header("Connection") == "close");
  CHECK(busy.closes());
  CHECK(world.reaches_connections(0));
}

TEST_CASE("http server: says who holds a taken port and what to do", "[http]") {
  server_world world;
  struct : net::request_sink {
    net::body_wish on_head(const net::http_request&) override { return net::body_wish::none(); }
    void on_request(net::http_request, net::http_responder) override {}
    std::shared_ptr<net::ws_handler> on_websocket(net::ws_upgrade,
                                                  std::shared_ptr<net::ws_connection>) override {
      return nullptr;
    }
  } sink;
  net::io_pool pool{1};

  const auto second = net::listen(pool, {"127.0.0.1", world.port()}, {}, sink);
  const auto nonsense = net::listen(pool, {"localhost", 0}, {}, sink);
  const auto foreign = net::listen(pool, {"192.0.2.1", 0}, {}, sink);

  REQUIRE_FALSE(second);
  CHECK(second.error().code == errc::already_exists);
  CHECK(second.error().detail.find(fmt::format("pid {}", getpid())) != std::string::npos);
  CHECK(second.error().detail.find("--port") != std::string::npos);
  REQUIRE_FALSE(nonsense);
  CHECK(nonsense.error().code == errc::invalid_argument);
  REQUIRE_FALSE(foreign);
  CHECK(foreign.error().code == errc::invalid_argument);
}

} // namespace troupe::test
