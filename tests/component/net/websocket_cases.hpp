#pragma once

#include "tests/component/net/server_world.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::test {

/// Bytes behind an upgrade and everything that must come of them, from a server that echoes texts.
/// Each case runs twice: sent at once and, where that is not too long, byte by byte.
struct websocket_case {
  std::string name;
  std::string bytes;
  /// What comes, separated by "|": "text:hello", "pong:x", "close:1002" (a close frame without a
  /// code is "close:0"), "lost" (an end without a close frame). A payload of more than 200 bytes is
  /// its size: "text#65536". "text:a?|close:1002": a violation may overtake an answer that was on
  /// its way when it was read. Without "close" or "lost" at its end the connection must go on.
  std::string comes{};
  bool half_close = false; ///< After the last byte.
};

/// Runs all on one server; the number of cases is checked, so that none gets lost.
void run_websocket_cases(const std::vector<websocket_case>& cases, std::size_t count,
                         net::server_limits limits = {});

/// How the bytes of one frame are made. The defaults are those of a proper client.
struct frame_shape {
  bool masked = true;
  unsigned length_bytes = 0; ///< 2 or 8: written so although it would be shorter; 0: as it must be.
  std::string_view mask = "\x12\x34\x56\x78";
};
/// `first`: FIN, RSV and opcode.
std::string frame_bytes(unsigned first, std::string_view payload, frame_shape shape = {});
/// The same with a length that is not the payload's.
std::string frame_start(unsigned first, std::uint64_t length);

inline std::string text_frame(std::string_view text) {
  return frame_bytes(0x81, text);
}
inline std::string close_frame(unsigned code, std::string_view reason = {}) {
  const std::string head{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  return frame_bytes(0x88, head + std::string{reason});
}

} // namespace troupe::test
