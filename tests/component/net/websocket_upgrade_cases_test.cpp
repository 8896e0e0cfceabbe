#include "tests/component/net/http_cases.hpp"

#include <catch2/catch.hpp>

/// The upgrade request: RFC 6455, sections 4.1 and 4.2.
namespace troupe::test {

namespace {

constexpr std::string_view key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
constexpr std::string_view version = "Sec-WebSocket-Version: 13\r\n";
constexpr std::string_view upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";

struct upgrade_case {
  std::string_view name;
  std::string bytes;
  unsigned status;
};

template <class... Parts>
std::string get(const Parts&... parts) {
  std::string more;
  (more.append(parts), ...);
  return request_head("GET /", more);
}

std::vector<upgrade_case> upgrades() {
  const auto keyed = [](std::string_view text) {
    return get(upgrade, version, "Sec-WebSocket-Key: " + std::string{text} + "\r\n");
  };
  const auto versioned = [](std::string_view text) {
    return get(upgrade, key, "Sec-WebSocket-Version: " + std::string{text} + "\r\n");
  };
  return {
      {"a proper one", get(upgrade, version, key), 101},
      {"names in other cases", get("connection: UPGRADE\r\nupgrade: WebSocket\r\n", version, key),
       101},
      {"a list of connection options",
       get("Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n", version, key), 101},
      {"offered extensions are not taken",
       get(upgrade, version, key, "Sec-WebSocket-Extensions: permessage-deflate\r\n"), 101},
      {"offered sub-protocols are not taken",
       get(upgrade, version, key, "Sec-WebSocket-Protocol: chat\r\n"), 101},
      {"no key", get(upgrade, version), 400},
      {"two keys", get(upgrade, version, key, key), 400},
      {"an empty key", keyed(""), 400},
      {"a short key", keyed("c2hvcnQ="), 400},
      {"a long key", keyed("dGhlIHNhbXBsZSBub25jZSBpcyBsb25n"), 400},
      {"a key that is no base64", keyed("dGhlIHNhbXBsZSBub25j!Q=="), 400},
      {"no version", get(upgrade, key), 426},
      {"an old version", versioned("8"), 426},
      {"a version to come", versioned("14"), 426},
      {"a list of versions", versioned("13, 8"), 426},
      {"a version with a zero before it", versioned("013"), 426},
      {"a body", get(upgrade, version, key, "Content-Length: 3\r\n") + "abc", 400},
      {"a chunked body", get(upgrade, version, key, "Transfer-Encoding: chunked\r\n"), 400},
      {"no Connection is no upgrade", get("Upgrade: websocket\r\n", version, key), 200},
      {"no Upgrade is no upgrade", get("Connection: Upgrade\r\n", version, key), 200},
      {"another method is no upgrade",
       request_head("POST /", std::string{upgrade} + std::string{version} + std::string{key}), 200},
      {"HTTP/1.0 is no upgrade",
       "GET / HTTP/1.0\r\nHost: test\r\n" + std::string{upgrade} + std::string{version} +
           std::string{key} + "\r\n",
       200},
      {"two Hosts", get(upgrade, version, key, "Host: other\r\n"), 400},
      {"a length and chunks",
       get(upgrade, version, key, "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 400},
  };
}

} // namespace

TEST_CASE("websocket cases: upgrades", "[websocket][hardening]") {
  const auto cases = upgrades();
  CHECK(cases.size() == 24);
  server_world world;
  for (const auto& one : cases)
    for (const bool bytewise : {false, true}) {
      INFO(one.name << (bytewise ? ", byte by byte" : ""));
      auto client = world.connect();
      if (bytewise)
        for (const char c : one.bytes)
          client.send({&c, 1});
      else
        client.send(one.bytes);
      const auto response = client.read_response(one.status == 101);
      REQUIRE(response);
      CHECK(response->status == one.status);
      CHECK(response->header("X-Content-Type-Options") == "nosniff");
      CHECK(response->header("Sec-WebSocket-Extensions").empty());
      CHECK(response->header("Sec-WebSocket-Protocol").empty());
      if (one.status == 426)
        CHECK(response->header("Sec-WebSocket-Version") == "13");
      if (one.status != 101) {
        if (one.status >= 400)
          CHECK(client.closes());
        continue;
      }
      client.send_text("hello");
      CHECK(client.read_data().value_or(raw_frame{}).payload == "hello");
    }
}

} // namespace troupe::test
