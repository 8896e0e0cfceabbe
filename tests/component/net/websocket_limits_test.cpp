#include "tests/component/net/server_world.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <thread>
#include <utility>
#include <vector>

namespace troupe::test {

namespace {

constexpr std::size_t early_bytes_max = 65'536;

std::shared_ptr<net::ws_connection> first_socket(server_world& world) {
  REQUIRE(world.book().wait([&] { return !world.book().sockets.empty(); }));
  return world.book().sockets.front();
}

std::uint16_t close_code(raw_socket& client) {
  for (;;) {
    const auto frame = client.read_data();
    if (!frame || frame->opcode == 8)
      return frame ? frame->close_code() : std::uint16_t{0};
  }
}

} // namespace

TEST_CASE("websocket limits: 65,536 bytes pass before the handshake, one more is 1009",
          "[websocket]") {
  server_world world;
  auto fits = world.connect_websocket();
  auto over = world.connect_websocket();
  auto in_parts = world.connect_websocket();

  fits.send_text(std::string(early_bytes_max, 'f'));
  over.send_text(std::string(early_bytes_max + 1, 'o'));
  in_parts.send_frame(1, std::string(early_bytes_max, 'p'), false);
  in_parts.send_frame(0, "p");

  CHECK(fits.read_data().value_or(raw_frame{}).payload.size() == early_bytes_max);
  for (auto* client : {&over, &in_parts}) {
    const auto close = client->read_data();
    REQUIRE(close);
    CHECK(close->close_code() == 1009);
    CHECK(close->close_reason().empty());
  }
}

TEST_CASE("websocket limits: the larger bound holds after the handshake", "[websocket]") {
  net::server_limits limits;
  limits.ws_frame_bytes_max = 100'000;
  server_world world{limits};
  auto client = world.connect_websocket();
  client.send_text("done");
  REQUIRE(client.read_data());

  client.send_text(std::string(100'000, 'f'));
  CHECK(client.read_data().value_or(raw_frame{}).payload.size() == 100'000);
  client.send_text(std::string(100'001, 'o'));
  CHECK(close_code(client) == 1009);
}

TEST_CASE("websocket limits: sixteen messages may wait for the handshake, not seventeen",
          "[websocket]") {
  server_world world;
  auto client = world.connect_websocket("/keep");
  for (int i = 0; i < 16; ++i)
    client.send_text("x");
  REQUIRE(world.book().wait([&] { return world.book().texts.size() == 16; }));
  client.send_text("one too many");
  for (int i = 0; i < 16; ++i)
    REQUIRE(client.read_data().value_or(raw_frame{}).payload == "x");

  const auto close = client.read_data();
  REQUIRE(close);
  CHECK(close->close_code() == 1008);
  CHECK(close->close_reason() == "too many pending handshake frames");
  CHECK(world.book().texts.size() == 16);
}

TEST_CASE("websocket limits: reading pauses while the handler's hands are full", "[websocket]") {
  net::server_limits limits;
  limits.frames_in_hand_max = 4;
  server_world world{limits};
  auto client = world.connect_websocket("/keep");
  client.send_text("done");
  REQUIRE(client.read_data());
  for (int i = 0; i < 20; ++i)
    client.send_text("x");

  for (std::size_t round = 1; round <= 5; ++round) {
    REQUIRE(world.book().wait([&] { return world.book().credits.size() == 4; }));
    CHECK(world.book().texts.size() == 4 * round);
    const std::lock_guard lock{world.book().mutex};
    world.book().credits.clear();
  }
}

TEST_CASE("websocket limits: a paused reader does not stop a close", "[websocket]") {
  net::server_limits limits;
  limits.frames_in_hand_max = 1;
  server_world world{limits};
  auto client = world.connect_websocket("/keep");
  client.send_text("done");
  REQUIRE(client.read_data());
  first_socket(world)->close(1001, "going");

  const auto close = client.read_data();
  REQUIRE(close);
  CHECK(close->close_code() == 1001);
  client.send_frame(8, close->payload);
  CHECK(client.closes());
  CHECK(world.reaches_connections(0));
}

TEST_CASE("websocket limits: a handshake that does not come ends with 1000", "[websocket]") {
  net::server_limits limits;
  limits.handshake_ms_max = 100;
  limits.close_ms_max = 50;
  server_world world{limits};
  auto silent = world.connect_websocket();
  const auto close = silent.read_data();
  REQUIRE(close);
  CHECK(close->close_code() == 1000);
  CHECK(close->close_reason().empty());

  auto done = world.connect_websocket();
  done.send_text("done");
  REQUIRE(done.read_data());
  CHECK(world.book().wait([&] { return world.book().closes.size() == 1; }));
  done.send_text("still here");
  CHECK(done.read_data().value_or(raw_frame{}).payload == "still here");
}

TEST_CASE("websocket limits: pings, and ends a connection that does not pong", "[websocket]") {
  net::server_limits limits;
  limits.ping_every_ms = 20;
  limits.pong_ms_max = 200;
  server_world world{limits};
  auto client = world.connect_websocket();

  for (int i = 0; i < 30; ++i) {
    const auto ping = client.read_frame();
    REQUIRE(ping);
    REQUIRE(ping->opcode == 9);
    client.send_frame(10, ping->payload);
  }
  {
    const std::lock_guard lock{world.book().mutex};
    CHECK(world.book().closes.empty());
  }
  CHECK(client.closes());
  REQUIRE(world.book().wait([&] { return world.book().closes.size() == 1; }));
  CHECK(world.book().closes[0].first == 1006);
}

TEST_CASE("websocket limits: over the backlog's bound droppable frames are skipped, others close",
          "[websocket]") {
  net::server_limits limits;
  limits.ws_backlog_bytes_max = 32u << 20;
  limits.close_ms_max = 100;
  server_world world{limits};
  auto client = world.connect_websocket();
  const auto socket = first_socket(world);
  const auto body = std::make_shared<const std::string>(1u << 20, 'b');

  // More than the kernel takes for a client that does not read.
  unsigned sent = 0;
  while (socket->send({{}, body, {}, true}))
    ++sent;
  CHECK(sent >= 32);
  CHECK(socket->backlog_bytes() <= limits.ws_backlog_bytes_max);
  CHECK(socket->backlog_bytes() > limits.ws_backlog_bytes_max - body->size() * 2);
  while (socket->send({{}, body, {}, false})) {
  }

  REQUIRE(world.book().wait([&] { return world.book().closes.size() == 1; }));
  CHECK(world.book().closes[0] == std::pair<std::uint16_t, std::string>{1008, "slow consumer"});
  CHECK(socket->backlog_bytes() < limits.ws_backlog_bytes_max);
  CHECK(world.reaches_connections(0));
}

TEST_CASE("websocket limits: a close has its deadline also while a write stands still",
          "[websocket]") {
  net::server_limits limits;
  limits.close_ms_max = 100;
  server_world world{limits};
  auto client = world.connect_websocket();
  const auto socket = first_socket(world);
  const auto body = std::make_shared<const std::string>(1u << 20, 'b');
  for (int i = 0; i < 32; ++i)
    socket->send({{}, body, {}});
  auto before = socket->backlog_bytes();
  REQUIRE(eventually([&] {
    const auto last = std::exchange(before, socket->backlog_bytes());
    return last == before;
  }));
  // Noticed while the writer is busy, and then the close comes.
  socket->send({"x", nullptr, {}});
  CHECK_FALSE(eventually([&] { return world.server().connections() == 0; }, 20));

  socket->close(1001, "going");
  CHECK(world.reaches_connections(0));
  CHECK(world.book().closes.at(0).first == 1001);
}

TEST_CASE("websocket limits: a client that stops reading is ended in time", "[websocket]") {
  net::server_limits limits;
  limits.ping_every_ms = 50;
  limits.pong_ms_max = 50;
  server_world world{limits};
  auto client = world.connect_websocket();
  const auto socket = first_socket(world);
  const auto body = std::make_shared<const std::string>(1u << 20, 'b');
  for (int i = 0; i < 20; ++i)
    socket->send({{}, body, {}});
  REQUIRE(world.book().wait([&] { return world.book().closes.size() == 1; }));
  CHECK(world.book().closes[0].first == 1006);
}

TEST_CASE("websocket limits: unfinished handshakes of one address are bounded", "[websocket]") {
  net::server_limits limits;
  limits.unauthenticated_per_address_max = 1; // Loopback: sixteen times as many.
  server_world world{limits};
  std::vector<raw_socket> clients;
  for (int i = 0; i < 16; ++i)
    clients.push_back(world.connect_websocket());

  auto refused = world.connect();
  CHECK_FALSE(refused.upgrade());
  CHECK(refused.closes());

  clients[0].send_text("done");
  REQUIRE(clients[0].read_data());
  auto next = world.connect();
  CHECK(next.upgrade());
  auto plain = world.connect();
  plain.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
  CHECK(plain.read_response().value_or(raw_response{}).status == 200);
}

TEST_CASE("websocket limits: many threads may send, close and abort at once", "[websocket]") {
  server_world world;
  for (int round = 0; round < 20; ++round) {
    auto client = world.connect_websocket();
    REQUIRE(world.book().wait(
        [&] { return world.book().sockets.size() == static_cast<std::size_t>(round) + 1; }));
    const auto socket = world.book().sockets.back();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 200; ++i)
          socket->send({std::to_string(i), nullptr, {}});
        if (t == 0)
          socket->close(1000, "end");
        if (t == 1 && round % 2 == 0)
          socket->abort();
      });
    for (auto& thread : threads)
      thread.join();
    if (close_code(client) == 1000)
      client.send_frame(8, "\x03\xE8");
    CHECK(client.closes());
  }
  CHECK(world.reaches_connections(0));
  CHECK(world.book().closes.size() == 20);
}

} // namespace troupe::test
