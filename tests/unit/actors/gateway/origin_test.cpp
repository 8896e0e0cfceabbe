#include "actors/gateway/origin.hpp"

#include <catch2/catch.hpp>

#include <vector>

namespace troupe::gateway {
namespace {

connection_origin from(std::string host, std::string origin, bool loopback) {
  connection_origin out;
  out.peer.loopback = loopback;
  out.host = std::move(host);
  out.origin = std::move(origin);
  return out;
}

const std::vector<std::string> nobody;

} // namespace

TEST_CASE("origin: a program without one is no page", "[gateway]") {
  connection_origin plain;
  CHECK(origin_allowed(plain, nobody));
}

TEST_CASE("origin: loopback pages may reach a loopback name of ours", "[gateway]") {
  CHECK(origin_allowed(from("127.0.0.1:18789", "http://localhost:5173", true), nobody));
  CHECK(origin_allowed(from("[::1]:18789", "http://127.0.0.1:18789", true), nobody));
  CHECK_FALSE(origin_allowed(from("127.0.0.1:18789", "http://evil.example", true), nobody));
  CHECK_FALSE(origin_allowed(from("127.0.0.1:18789", "null", true), nobody));
  CHECK_FALSE(
      origin_allowed(from("127.0.0.1:18789", "http://127.0.0.1.evil.example", true), nobody));
}

TEST_CASE("origin: a name that was rebound to loopback is no way in", "[gateway]") {
  CHECK_FALSE(
      origin_allowed(from("evil.example:18789", "http://evil.example:18789", true), nobody));
}

TEST_CASE("origin: a page that this host served may reach it", "[gateway]") {
  CHECK(origin_allowed(from("gw.lan:18789", "http://GW.lan:18789", false), nobody));
  CHECK_FALSE(origin_allowed(from("gw.lan:18789", "http://gw.lan:1", false), nobody));
  CHECK_FALSE(origin_allowed(from("", "http://", false), nobody));
}

TEST_CASE("origin: what the operator listed may come in", "[gateway]") {
  CHECK(origin_allowed(from("gw", "https://ui.example", false),
                       std::vector<std::string>{"https://UI.example"}));
  CHECK(origin_allowed(from("gw", "https://any.example", false), std::vector<std::string>{"*"}));
}

TEST_CASE("origin: a proxy in between is not this machine", "[gateway]") {
  net::peer_address peer{"127.0.0.1", 1, true};
  CHECK(origin_of({{"host", "a"}}, peer, {}).direct_loopback());
  CHECK_FALSE(origin_of({{"x-forwarded-for", "1.2.3.4"}}, peer, {}).direct_loopback());
  CHECK_FALSE(origin_of({{"forwarded", "for=1.2.3.4"}}, peer, {}).direct_loopback());
  CHECK(origin_of({{"origin", ""}}, peer, {}).origin.has_value());
}

TEST_CASE("origin: host names lose port and brackets", "[gateway]") {
  CHECK(host_name("Localhost:18789") == "localhost");
  CHECK(host_name("[::1]:18789") == "::1");
  CHECK(host_name("::1") == "::1");
  CHECK(is_loopback_name("127.0.0.1"));
  CHECK(is_loopback_name("127.9.9.9"));
  CHECK_FALSE(is_loopback_name("127.evil.example"));
  CHECK_FALSE(is_loopback_name("10.0.0.1"));
}

} // namespace troupe::gateway
