#include "tests/component/net/server_world.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace troupe::test {

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

} // namespace troupe::test
