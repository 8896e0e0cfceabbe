#include "tests/component/net/server_world.hpp"
#include "tests/component/net/websocket_cases.hpp"

#include <catch2/catch.hpp>
#include <sys/resource.h>

#include <algorithm>
#include <vector>

namespace troupe::test {

namespace {

constexpr std::size_t slow_clients = 1'000;
constexpr rlim_t descriptors_needed = 2 * slow_clients + 200; // Both ends are ours.

bool enough_descriptors() {
  rlimit now{};
  getrlimit(RLIMIT_NOFILE, &now);
  now.rlim_cur = std::max(now.rlim_cur, std::min(now.rlim_max, descriptors_needed));
  setrlimit(RLIMIT_NOFILE, &now);
  return now.rlim_cur >= descriptors_needed;
}

/// Connections that each hold on to what a slow client can hold: a place, a head, a body, a frame,
/// an answer that nobody reads.
std::vector<raw_socket> crowd(server_world& world) {
  std::vector<raw_socket> all;
  const auto join = [&](std::string_view bytes) {
    all.push_back(world.connect());
    all.back().send(bytes);
  };
  while (all.size() < slow_clients) {
    join("");
    join("GET / HTTP/1.1\r\nHost: te");
    join("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\nslow");
    join("POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\nslow");
    all.push_back(world.connect_websocket());
    all.back().send(frame_start(0x81, 60'000) + "slow");
  }
  return all;
}

} // namespace

TEST_CASE("slow crowd: a thousand slow connections leave an honest client served",
          "[http][websocket][hardening]") {
  REQUIRE(enough_descriptors());
  server_world world;
  const auto slow = crowd(world);
  REQUIRE(world.reaches_connections(slow.size()));

  auto honest = world.connect();
  auto chatting = world.connect_websocket();
  for (int i = 0; i < 100; ++i) {
    honest.send("GET /honest HTTP/1.1\r\nHost: test\r\n\r\n");
    REQUIRE(honest.read_response().value_or(raw_response{}).status == 200);
    chatting.send_text("honest");
    REQUIRE(chatting.read_data().value_or(raw_frame{}).payload == "honest");
  }
  CHECK(world.reaches_connections(slow.size() + 2));
}

TEST_CASE("slow crowd: it is gone when its deadlines have passed", "[http][websocket][hardening]") {
  REQUIRE(enough_descriptors());
  net::server_limits limits;
  limits.request_ms_max = 1'000;
  limits.handshake_ms_max = 1'000;
  limits.close_ms_max = 100;
  server_world world{limits};
  const auto slow = crowd(world);
  CHECK(world.reaches_connections(0));
}

} // namespace troupe::test
