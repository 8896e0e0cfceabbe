#include "net/client/ws_client.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using net::parse_ws_url;

TEST_CASE("WebSocket address: hosts, ports and paths are taken apart and put together again") {
  for (const std::string text :
       {"ws://127.0.0.1:18789", "wss://gateway.example:443/base", "ws://[::1]:80"})
    CHECK(parse_ws_url(text).value().text() == text);

  CHECK(parse_ws_url("ws://h").value().port == 80);
  CHECK(parse_ws_url("wss://h/p").value().port == 443);
  CHECK(parse_ws_url("https://h").value().tls);
  CHECK(parse_ws_url("ws://[::1]").value().host == "::1");
}

TEST_CASE("WebSocket address: what is no address, or could hide a secret, is refused") {
  for (const std::string text : {"", "h:1", "ftp://h", "ws://", "ws://:1", "ws://h:0",
                                 "ws://h:65536", "ws://h:1x", "ws://h:", "ws://[::1", "ws://[::1]x",
                                 "ws://user:word@h", "ws://h/?token=t", "ws://h/#t", "ws://h h"})
    CHECK(parse_ws_url(text).has_error());
}

TEST_CASE("WebSocket address: loopback is recognised") {
  for (const std::string text :
       {"ws://127.0.0.1:1", "ws://127.9.9.9:1", "ws://[::1]:1", "ws://localhost:1"})
    CHECK(parse_ws_url(text).value().loopback());
  for (const std::string text : {"ws://10.0.0.1:1", "ws://localhost.example:1", "ws://[fe80::1]:1"})
    CHECK_FALSE(parse_ws_url(text).value().loopback());
}
