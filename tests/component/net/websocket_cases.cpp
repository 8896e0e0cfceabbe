#include "tests/component/net/websocket_cases.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {

namespace {

constexpr std::size_t bytewise_max = 700;
constexpr std::size_t shown_max = 200;

void put(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = bytes; i > 0; --i)
    out += static_cast<char>(value >> (8 * (i - 1)) & 0xff);
}

std::string told(const raw_frame& frame) {
  if (frame.opcode == 8)
    return "close:" + std::to_string(frame.close_code());
  const std::string kind = frame.opcode == 1 ? "text" : frame.opcode == 10 ? "pong" : "other";
  if (frame.payload.size() > shown_max)
    return kind + "#" + std::to_string(frame.payload.size());
  return kind + ":" + frame.payload;
}

bool ends(std::string_view comes) {
  const auto last = comes.substr(comes.rfind('|') + 1);
  return last.starts_with("close:") || last == "lost";
}

/// What comes until the connection ends or `marker` is echoed.
std::string read_all(raw_socket& client, std::string_view marker) {
  std::string all;
  const auto add = [&all](std::string_view more) {
    all += (all.empty() ? "" : "|") + std::string{more};
  };
  for (;;) {
    const auto frame = client.read_data();
    if (!frame) {
      add("lost");
      return all;
    }
    if (frame->opcode == 1 && !marker.empty() && frame->payload == marker)
      return all;
    add(told(*frame));
    if (frame->opcode == 8)
      return all;
  }
}

std::string with_optional(std::string comes) {
  if (const auto mark = comes.find("?|"); mark != std::string::npos)
    comes.erase(mark, 1);
  return comes;
}
std::string without_optional(const std::string& comes) {
  const auto mark = comes.find("?|");
  return mark == std::string::npos ? comes : comes.substr(mark + 2);
}

void run(server_world& world, const websocket_case& one, bool bytewise) {
  INFO(one.name << (bytewise ? ", byte by byte" : ""));
  auto client = world.connect_websocket();
  if (bytewise)
    for (const char c : one.bytes)
      client.send({&c, 1});
  else
    client.send(one.bytes);
  if (one.half_close)
    client.half_close();
  if (ends(one.comes)) {
    const auto came = read_all(client, {});
    client.send(close_frame(1000)); // Where the server waits for it.
    if (came != without_optional(one.comes))
      CHECK(came == with_optional(one.comes));
    CHECK(client.read_to_end().rest.empty());
    return;
  }
  const std::string marker = "still here";
  client.send_text(marker);
  CHECK(read_all(client, marker) == one.comes);
}

} // namespace

std::string frame_bytes(unsigned first, std::string_view payload, frame_shape shape) {
  const auto size = payload.size();
  const unsigned length_bytes = shape.length_bytes > 0 ? shape.length_bytes
                                : size < 126           ? 0
                                : size < 65'536        ? 2
                                                       : 8;
  std::string frame;
  put(frame, first, 1);
  put(frame,
      (shape.masked ? 0x80u : 0u) | (length_bytes == 0   ? size
                                     : length_bytes == 2 ? 126u
                                                         : 127u),
      1);
  put(frame, size, length_bytes);
  if (!shape.masked)
    return frame += payload;
  frame += shape.mask;
  for (std::size_t i = 0; i < size; ++i)
    frame += static_cast<char>(payload[i] ^ shape.mask[i % 4]);
  return frame;
}

std::string frame_start(unsigned first, std::uint64_t length) {
  std::string frame;
  put(frame, first, 1);
  put(frame, 0x80u | 127u, 1);
  put(frame, length, 8);
  return frame + "\x12\x34\x56\x78";
}

void run_websocket_cases(const std::vector<websocket_case>& cases, std::size_t count,
                         net::server_limits limits) {
  CHECK(cases.size() == count);
  server_world world{limits};
  for (const auto& one : cases) {
    run(world, one, false);
    if (one.bytes.size() <= bytewise_max)
      run(world, one, true);
  }
  auto honest = world.connect_websocket();
  honest.send_text("honest");
  CHECK(honest.read_data().value_or(raw_frame{}).payload == "honest");
}

} // namespace troupe::test
