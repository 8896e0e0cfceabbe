#include "net/client/ws_client.hpp"
#include "tests/component/app/fake_gateway.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <array>

namespace {

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

auto soon() {
  return std::chrono::steady_clock::now() + 10s;
}

std::unique_ptr<net::ws_client> open(const fake_gateway& gateway,
                                     const net::ws_client_options& options = {}) {
  auto opened = net::ws_client::open(net::parse_ws_url(gateway.url()).value(), options);
  REQUIRE(opened.has_value());
  return std::move(opened.assume_value());
}

} // namespace

TEST_CASE("WebSocket client: messages go both ways, then the peer's close is told") {
  fake_gateway gateway{{[](fake_connection& client) {
    client.respond(client.request(), "yes");
    client.close(1008, "enough");
  }}};
  auto socket = open(gateway);

  REQUIRE(socket->send(R"({"id":"1"})").has_value());
  const auto answer = socket->next(soon());
  REQUIRE(std::holds_alternative<net::ws_text>(answer));
  CHECK(std::get<net::ws_text>(answer).text.find("\"yes\"") != std::string::npos);
  for (int twice = 0; twice < 2; ++twice) {
    const auto end = socket->next(soon());
    REQUIRE(std::holds_alternative<net::ws_closed>(end));
    CHECK(std::get<net::ws_closed>(end).code == 1008);
    CHECK(std::get<net::ws_closed>(end).reason == "enough");
  }
  CHECK(socket->send("x").has_error());
}

TEST_CASE("WebSocket client: a lost connection is 1006") {
  fake_gateway gateway{{[](fake_connection& client) { client.drop(); }}};
  auto socket = open(gateway);

  const auto end = socket->next(soon());
  REQUIRE(std::holds_alternative<net::ws_closed>(end));
  CHECK(std::get<net::ws_closed>(end).code == 1006);
}

TEST_CASE("WebSocket client: waits for a descriptor and for the clock as well") {
  fake_gateway gateway{{[](fake_connection& client) { client.request(); }}};
  auto socket = open(gateway);
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);

  const std::array<int, 1> watched{ends[0]};
  CHECK(std::holds_alternative<net::ws_quiet>(
      socket->next(std::chrono::steady_clock::now() + 1ms, watched)));
  REQUIRE(::write(ends[1], "x", 1) == 1);
  for (int until_it_is_read = 0; until_it_is_read < 2; ++until_it_is_read) {
    const auto happened = socket->next(soon(), watched);
    REQUIRE(std::holds_alternative<net::ws_readable>(happened));
    CHECK(std::get<net::ws_readable>(happened).descriptor == ends[0]);
  }
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("WebSocket client: a regular file can always be read") {
  fake_gateway gateway{{[](fake_connection& client) { client.request(); }}};
  auto socket = open(gateway);
  const std::array<int, 1> file{::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
  REQUIRE(file[0] >= 0);

  CHECK(std::holds_alternative<net::ws_readable>(socket->next(soon(), file)));
  ::close(file[0]);
}

TEST_CASE("WebSocket client: a message over the bound ends the connection with 1009") {
  fake_gateway gateway{{[](fake_connection& client) {
    client.event("big", boost::json::string(2'000, 'x'));
    client.request();
  }}};
  net::ws_client_options options;
  options.message_bytes_max = 1'000;
  auto socket = open(gateway, options);

  const auto end = socket->next(soon());
  REQUIRE(std::holds_alternative<net::ws_closed>(end));
  CHECK(std::get<net::ws_closed>(end).code == 1009);
}

TEST_CASE("WebSocket client: a peer that goes silent is given up") {
  fake_gateway gateway{{[](fake_connection& client) {
    // Answers nothing, not even pings, because nothing is read.
    client.wait_for_the_end();
  }}};
  net::ws_client_options options;
  options.idle = 200ms;
  auto socket = open(gateway, options);

  const auto end = socket->next(soon());
  REQUIRE(std::holds_alternative<net::ws_closed>(end));
  CHECK(std::get<net::ws_closed>(end).reason == "the gateway went silent");
}

TEST_CASE("WebSocket client: nobody, and somebody who does not upgrade, are told apart") {
  const dead_address nobody;
  const auto refused = net::ws_client::open(net::parse_ws_url(nobody.url()).value(), {});
  REQUIRE(refused.has_error());
  CHECK(refused.assume_error().code == errc::unavailable);

  fake_gateway no_upgrade{{[](fake_connection& client) { client.request(); }}};
  no_upgrade.upgrades = false;
  const auto declined = net::ws_client::open(net::parse_ws_url(no_upgrade.url()).value(), {});
  REQUIRE(declined.has_error());
  CHECK(declined.assume_error().code == errc::invalid_argument);
}

TEST_CASE("HTTP GET: gives status and body of the same port") {
  fake_gateway gateway{{[](fake_connection& client) { client.request(); }}};
  gateway.readiness = "{}";

  const auto answer = net::http_get(net::parse_ws_url(gateway.url()).value(), "/readyz", {});
  REQUIRE(answer.has_value());
  CHECK(answer.assume_value().status == 200);
  CHECK(answer.assume_value().body == "{}");
}
