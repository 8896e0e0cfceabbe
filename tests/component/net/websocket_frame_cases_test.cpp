#include "tests/component/net/websocket_cases.hpp"

#include <catch2/catch.hpp>

/// Framing, control frames and closing: RFC 6455, sections 5 and 7.
namespace troupe::test {

namespace {

constexpr unsigned fin = 0x80;
enum opcode : unsigned { continuation = 0, text = 1, binary = 2, closing = 8, ping = 9, pong = 10 };

std::string repeated(std::size_t count) {
  return std::string(count, 'x');
}

std::vector<websocket_case> opcodes_and_bits() {
  std::vector<websocket_case> cases;
  for (const unsigned reserved : {3u, 4u, 5u, 6u, 7u, 11u, 12u, 13u, 14u, 15u}) {
    const auto name = "reserved opcode " + std::to_string(reserved);
    cases.push_back({name, frame_bytes(fin | reserved, ""), "close:1002"});
    cases.push_back({name + " with a payload", frame_bytes(fin | reserved, "abc"), "close:1002"});
    cases.push_back({name + " behind a text", text_frame("a") + frame_bytes(fin | reserved, ""),
                     "text:a?|close:1002"});
  }
  for (unsigned bits = 1; bits < 8; ++bits)
    for (const unsigned kind : {text, continuation, ping, closing})
      cases.push_back(
          {"reserved bits " + std::to_string(bits) + " with opcode " + std::to_string(kind),
           frame_bytes(fin | bits << 4 | kind, "ab"), "close:1002"});
  for (const unsigned kind : {continuation, text, binary, closing, ping, pong})
    cases.push_back({"no mask with opcode " + std::to_string(kind),
                     frame_bytes(fin | kind, "ab", {.masked = false, .mask = {}}), "close:1002"});
  return cases;
}

std::vector<websocket_case> lengths() {
  std::vector<websocket_case> cases;
  for (const std::size_t size : {0u, 1u, 125u, 126u, 127u, 128u, 65'535u, 65'536u})
    cases.push_back({"a text of " + std::to_string(size), text_frame(repeated(size)),
                     size > 200 ? "text#" + std::to_string(size) : "text:" + repeated(size)});
  for (const std::size_t size : {0u, 1u, 125u})
    for (const unsigned bytes : {2u, 8u})
      cases.push_back({std::to_string(size) + " bytes announced in " + std::to_string(bytes),
                       frame_bytes(fin | text, repeated(size), {.length_bytes = bytes}),
                       "close:1002"});
  for (const std::size_t size : {126u, 65'535u})
    cases.push_back({std::to_string(size) + " bytes announced in 8",
                     frame_bytes(fin | text, repeated(size), {.length_bytes = 8}), "close:1002"});
  for (const std::uint64_t length : {65'537ull, 1ull << 32, 1ull << 40, 0x7fffffffffffffffull})
    cases.push_back({"a promise of " + std::to_string(length) + " bytes",
                     frame_start(fin | text, length), "close:1009"});
  for (const std::uint64_t length : {0x8000000000000000ull, 0xffffffffffffffffull})
    cases.push_back({"a promise of " + std::to_string(length) + " bytes, which no length may be",
                     frame_start(fin | text, length), "close:1009"});
  cases.push_back(
      {"a mask of zeros", frame_bytes(fin | text, "abc", {.mask = {"\0\0\0\0", 4}}), "text:abc"});
  cases.push_back(
      {"a mask of ones", frame_bytes(fin | text, "abc", {.mask = "\xff\xff\xff\xff"}), "text:abc"});
  return cases;
}

std::vector<websocket_case> control_frames() {
  std::vector<websocket_case> cases{
      {"an empty ping", frame_bytes(fin | ping, ""), "pong:"},
      {"a ping is answered by its payload", frame_bytes(fin | ping, "abc"), "pong:abc"},
      {"a ping of raw bytes", frame_bytes(fin | ping, "\xff\xfe\x01"), "pong:\xff\xfe\x01"},
      {"a ping of 125", frame_bytes(fin | ping, repeated(125)), "pong:" + repeated(125)},
      {"a pong that nobody asked for", frame_bytes(fin | pong, "abc"), ""},
      {"a pong of 125", frame_bytes(fin | pong, repeated(125)), ""},
      {"a ping before a text", frame_bytes(fin | ping, "p") + text_frame("t"), "pong:p|text:t"},
  };
  for (const unsigned kind : {ping, pong, closing}) {
    const auto name = "opcode " + std::to_string(kind);
    cases.push_back({name + " in pieces", frame_bytes(kind, "ab"), "close:1002"});
    cases.push_back({name + " of 126", frame_bytes(fin | kind, repeated(126)), "close:1002"});
    cases.push_back({name + " of 65,536", frame_bytes(fin | kind, repeated(65'536)), "close:1002"});
    cases.push_back({name + " of 2 announced in 2",
                     frame_bytes(fin | kind, "\x03\xe8", {.length_bytes = 2}), "close:1002"});
  }
  return cases;
}

std::vector<websocket_case> closes() {
  std::vector<websocket_case> cases;
  for (const unsigned code :
       {1000u, 1001u, 1002u, 1003u, 1007u, 1008u, 1009u, 1010u, 1011u, 3000u, 3999u, 4000u, 4999u,
        5000u, 65'535u}) // The last two mean nothing in RFC 6455; Beast gives them back.
    cases.push_back({"close " + std::to_string(code), close_frame(code, "bye"),
                     "close:" + std::to_string(code)});
  for (const unsigned code : {0u, 1u, 999u, 1004u, 1005u, 1006u, 1015u, 1016u, 1100u, 2000u, 2999u})
    cases.push_back({"close " + std::to_string(code) + " that nobody may send", close_frame(code),
                     "close:1002"});
  cases.push_back({"a close without a code", frame_bytes(fin | closing, ""), "close:1000"});
  cases.push_back({"a close with half a code", frame_bytes(fin | closing, "\x03"), "close:1002"});
  cases.push_back({"a reason of 123", close_frame(1000, repeated(123)), "close:1000"});
  cases.push_back({"a reason in UTF-8", close_frame(1000, "größer"), "close:1000"});
  cases.push_back({"a reason that is no UTF-8", close_frame(1000, "a\xff"), "close:1002"});
  cases.push_back({"a reason cut in a sequence", close_frame(1000, "a\xe2\x82"), "close:1002"});
  cases.push_back({"a text behind a close", close_frame(1000) + text_frame("late"), "close:1000"});
  cases.push_back(
      {"a ping behind a close", close_frame(1000) + frame_bytes(fin | ping, "late"), "close:1000"});
  cases.push_back({"two closes", close_frame(1000) + close_frame(1001), "close:1000"});
  cases.push_back({"rubbish behind a close", close_frame(1000) + "\xff\xff\xff", "close:1000"});
  cases.push_back(
      {"a text before a close", text_frame("a") + close_frame(1000), "text:a?|close:1000"});
  return cases;
}

} // namespace

TEST_CASE("websocket cases: opcodes, reserved bits and masks", "[websocket][hardening]") {
  run_websocket_cases(opcodes_and_bits(), 64);
}

TEST_CASE("websocket cases: lengths", "[websocket][hardening]") {
  run_websocket_cases(lengths(), 24);
}

TEST_CASE("websocket cases: control frames", "[websocket][hardening]") {
  run_websocket_cases(control_frames(), 19);
}

TEST_CASE("websocket cases: closing", "[websocket][hardening]") {
  net::server_limits limits;
  run_websocket_cases(closes(), 37, limits);
}

TEST_CASE("websocket cases: clients that stop sending", "[websocket][hardening]") {
  const auto stops = [](std::string name, std::string bytes, std::string comes) {
    return websocket_case{std::move(name), std::move(bytes), std::move(comes), true};
  };
  const auto whole = text_frame("abc");
  run_websocket_cases(
      {
          stops("before anything", "", "lost"),
          stops("behind the first byte", whole.substr(0, 1), "lost"),
          stops("in the mask", whole.substr(0, 4), "lost"),
          stops("in the payload", whole.substr(0, 8), "lost"),
          stops("in a long length", frame_start(fin | text, 1000).substr(0, 5), "lost"),
          stops("between fragments", frame_bytes(text, "abc"), "lost"),
          stops("behind a close", close_frame(1000), "close:1000"),
          stops("behind a violation", frame_bytes(fin | 3u, ""), "close:1002"),
      },
      8);
}

} // namespace troupe::test
