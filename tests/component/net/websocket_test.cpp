#include "tests/component/net/server_world.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace troupe::test {

namespace {

std::string close_payload(std::uint16_t code, std::string_view reason) {
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  return payload += reason;
}

std::shared_ptr<net::ws_connection> first_socket(server_world& world) {
  REQUIRE(world.book().wait([&] { return !world.book().sockets.empty(); }));
  return world.book().sockets.front();
}

/// What `on_closed` said of the only connection.
std::pair<std::uint16_t, std::string> closed_with(server_world& world) {
  REQUIRE(world.book().wait([&] { return !world.book().closes.empty(); }));
  return world.book().closes.front();
}

} // namespace

TEST_CASE("websocket: echoes through the sink on any path", "[websocket]") {
  server_world world;
  for (const auto* path : {"/", "/ws", "/foo?a=b"}) {
    auto client = world.connect_websocket(path);
    client.send_text("hello");
    const auto frame = client.read_data();
    REQUIRE(frame);
    CHECK(frame->opcode == 1);
    CHECK(frame->payload == "hello");
    CHECK(world.book().upgrades.back().target == path);
  }
}

TEST_CASE("websocket: upgrades after requests, without extensions", "[websocket]") {
  server_world world;
  auto client = world.connect();
  client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
  REQUIRE(client.read_response());

  client.send("GET / HTTP/1.1\r\nHost: test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: "
              "websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
              "dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
  const auto response = client.read_response(true);

  REQUIRE(response);
  CHECK(response->status == 101);
  CHECK(response->header("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  CHECK(response->header("Sec-WebSocket-Extensions").empty());
  CHECK(response->header("X-Content-Type-Options") == "nosniff");
}

TEST_CASE("websocket: refuses what is not a proper upgrade", "[websocket]") {
  server_world world;
  const std::string start = "GET / HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: "
                            "websocket\r\n";
  for (const auto* rest :
       {"Sec-WebSocket-Version: 13\r\n\r\n", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: "
        "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n",
        "Content-Length: 3\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
        "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"}) {
    INFO(rest);
    auto client = world.connect();
    client.send(start + rest);
    const auto response = client.read_response();
    REQUIRE(response);
    CHECK((response->status == 400 || response->status == 426));
    CHECK(response->header("X-Content-Type-Options") == "nosniff");
    CHECK(client.closes());
  }
  CHECK(world.book().upgrades.empty());
  CHECK(world.reaches_connections(0));
}

TEST_CASE("websocket: reads frames that came together with the upgrade", "[websocket]") {
  server_world world;
  auto client = world.connect();
  // "hi", masked with zeros.
  const std::string early{"\x81\x82\0\0\0\0hi", 8};
  client.send("GET / HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
              "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" +
              early + early);
  REQUIRE(client.read_response(true));
  for (int i = 0; i < 2; ++i)
    CHECK(client.read_data().value_or(raw_frame{}).payload == "hi");
}

TEST_CASE("websocket: joins fragments, with a ping between them", "[websocket]") {
  server_world world;
  auto client = world.connect_websocket();

  client.send_frame(1, "frag", false);
  client.send_frame(9, "are you there");
  client.send_frame(0, "men", false);
  client.send_frame(0, "ts");

  const auto pong = client.read_frame();
  REQUIRE(pong);
  CHECK(pong->opcode == 10);
  CHECK(pong->payload == "are you there");
  CHECK(client.read_data().value_or(raw_frame{}).payload == "fragments");
}

TEST_CASE("websocket: large and small messages arrive whole and in order", "[websocket]") {
  server_world world;
  auto client = world.connect_websocket();
  client.send_text("done");
  REQUIRE(client.read_data());
  const auto socket = first_socket(world);
  const auto shared = std::make_shared<const std::string>(100'000, 's');

  for (int i = 0; i < 300; ++i)
    socket->send({fmt::format("{}:", i), i % 10 == 0 ? shared : nullptr, "!"});

  for (int i = 0; i < 300; ++i) {
    const auto frame = client.read_data();
    REQUIRE(frame);
    CHECK(frame->final);
    CHECK(frame->payload == fmt::format("{}:{}!", i, i % 10 == 0 ? *shared : ""));
  }
  CHECK(eventually([&] { return socket->backlog_bytes() == 0; }));
}

TEST_CASE("websocket: a message of megabytes comes back", "[websocket]") {
  server_world world;
  auto client = world.connect_websocket();
  client.send_text("done");
  REQUIRE(client.read_data());
  const std::string large(3'000'000, 'm');
  client.send_text(large);
  CHECK(client.read_data().value_or(raw_frame{}).payload == large);
}

TEST_CASE("websocket: tells the handler what the client said when it closed", "[websocket]") {
  server_world world;
  auto client = world.connect_websocket();
  client.send_frame(8, close_payload(4001, "bye"));

  const auto echoed = client.read_frame();
  REQUIRE(echoed);
  CHECK(echoed->close_code() == 4001);
  CHECK(client.closes());
  CHECK(closed_with(world) == std::pair<std::uint16_t, std::string>{4001, "bye"});
}

TEST_CASE("websocket: a connection that breaks is 1006, one without a code 1005", "[websocket]") {
  server_world lost;
  { auto client = lost.connect_websocket(); }
  CHECK(closed_with(lost).first == 1006);

  server_world bare;
  auto client = bare.connect_websocket();
  client.send_frame(8, {});
  CHECK(closed_with(bare).first == 1005);
}

TEST_CASE("websocket: writes what is queued, then closes with code and cut reason", "[websocket]") {
  server_world world;
  auto client = world.connect_websocket();
  const auto socket = first_socket(world);

  for (int i = 0; i < 100; ++i)
    socket->send({std::to_string(i), nullptr, {}});
  socket->close(1008, std::string(121, 'r') + "\xE2\x82\xAC");
  CHECK_FALSE(socket->send({"too late", nullptr, {}}));
  socket->close(1000, "too late");

  for (int i = 0; i < 100; ++i)
    CHECK(client.read_data().value_or(raw_frame{}).payload == std::to_string(i));
  const auto close = client.read_data();
  REQUIRE(close);
  CHECK(close->close_code() == 1008);
  CHECK(close->close_reason() == std::string(121, 'r'));
  client.send_frame(8, close->payload);
  CHECK(client.closes());
  CHECK(closed_with(world).first == 1008);
  CHECK(world.reaches_connections(0));
  CHECK(world.book().closes.size() == 1);
}

TEST_CASE("websocket: ends a close that the client does not answer", "[websocket]") {
  net::server_limits limits;
  limits.close_ms_max = 50;
  server_world world{limits};
  auto client = world.connect_websocket();
  first_socket(world)->close(1000, "enough");

  CHECK(client.read_data().value_or(raw_frame{}).close_code() == 1000);
  CHECK(client.closes());
  CHECK(closed_with(world) == std::pair<std::uint16_t, std::string>{1000, "enough"});
}

TEST_CASE("websocket: abort ends at once, without a close frame", "[websocket]") {
  server_world world;
  auto client = world.connect_websocket();
  first_socket(world)->abort();
  CHECK_FALSE(client.read_data());
  CHECK(closed_with(world).first == 1006);
}

TEST_CASE("websocket: a sink without a handler closes with 1013", "[websocket]") {
  server_world world;
  auto client = world.connect_websocket("/refuse");
  CHECK(client.read_data().value_or(raw_frame{}).close_code() == 1013);
}

TEST_CASE("websocket: closes for what the protocol does not allow", "[websocket]") {
  struct {
    const char* what;
    std::string bytes;
    std::uint16_t code;
  } const cases[] = {
      {"binary", {"\x82\x81\0\0\0\0b", 7}, 1003},
      {"broken UTF-8", {"\x81\x82\0\0\0\0\xC0\x80", 8}, 1007},
      {"unmasked", "\x81\x02hi", 1002},
      {"reserved bit", {"\xC1\x81\0\0\0\0c", 7}, 1002},
      {"unknown opcode", {"\x83\x81\0\0\0\0o", 7}, 1002},
      {"continuation of nothing", {"\x80\x81\0\0\0\0c", 7}, 1002},
      {"long control frame", {"\x89\xFE\0\x7E\0\0\0\0", 8}, 1002},
  };
  for (const auto& one : cases) {
    INFO(one.what);
    server_world world;
    auto client = world.connect_websocket();
    client.send(one.bytes);
    const auto close = client.read_data();
    REQUIRE(close);
    CHECK(close->close_code() == one.code);
    client.send_frame(8, close->payload);
    CHECK(closed_with(world).first == one.code);
    CHECK(world.book().texts.empty());
  }
}

TEST_CASE("websocket: close_all says 1012 and leaves no connection", "[websocket]") {
  server_world world;
  std::vector<raw_socket> clients;
  for (int i = 0; i < 20; ++i)
    clients.push_back(world.connect_websocket());
  REQUIRE(world.book().wait([&] { return world.book().sockets.size() == 20; }));

  world.server().stop_accepting();
  world.server().close_all();

  for (auto& client : clients) {
    const auto close = client.read_data();
    REQUIRE(close);
    CHECK(close->close_code() == 1012);
    CHECK(close->close_reason() == "service restart");
    client.send_frame(8, close->payload);
  }
  CHECK(world.reaches_connections(0));
  CHECK(world.book().closes.size() == 20);
}

TEST_CASE("websocket: handles may outlive the server and its threads", "[websocket]") {
  std::shared_ptr<net::ws_connection> socket;
  std::vector<net::frame_credit> credits;
  {
    server_world world;
    auto client = world.connect_websocket("/keep");
    client.send_text("kept");
    REQUIRE(world.book().wait([&] { return !world.book().credits.empty(); }));
    socket = first_socket(world);
    credits = world.book().credits;
    world.stop();
    CHECK(world.book().closes.size() == 1);
  }
  CHECK_FALSE(socket->send({"late", nullptr, {}}));
  socket->close(1000, {});
  socket->abort();
  socket->handshake_done();
  CHECK(socket->backlog_bytes() == 0);
}

} // namespace troupe::test
