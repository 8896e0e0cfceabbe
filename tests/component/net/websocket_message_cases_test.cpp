#include "tests/component/net/websocket_cases.hpp"

#include <catch2/catch.hpp>

#include <utility>

/// Messages in pieces and their text: RFC 6455, sections 5.4 and 8.1.
namespace troupe::test {

namespace {

constexpr std::size_t early_bytes_max = 65'536;

std::string first(std::string_view text) {
  return frame_bytes(0x01, text);
}
std::string more(std::string_view text) {
  return frame_bytes(0x00, text);
}
std::string last(std::string_view text) {
  return frame_bytes(0x80, text);
}
std::string ping(std::string_view text) {
  return frame_bytes(0x89, text);
}

std::vector<websocket_case> fragments() {
  std::string hundred = first("0");
  for (int i = 0; i < 98; ++i)
    hundred += more("1");
  hundred += last("2");
  std::string many_empty = first("");
  for (int i = 0; i < 1000; ++i)
    many_empty += more("");
  return {
      {"two pieces", first("ab") + last("cd"), "text:abcd"},
      {"three pieces", first("ab") + more("cd") + last("ef"), "text:abcdef"},
      {"a hundred pieces", hundred, "text:0" + std::string(98, '1') + "2"},
      {"an empty first piece", first("") + last("a"), "text:a"},
      {"an empty last piece", first("a") + last(""), "text:a"},
      {"an empty piece in between", first("a") + more("") + last("b"), "text:ab"},
      {"nothing but empty pieces", first("") + more("") + last(""), "text:"},
      {"a thousand empty pieces", many_empty + last("a"), "text:a"},
      {"two messages in pieces", first("a") + last("b") + first("c") + last("d"),
       "text:ab|text:cd"},
      {"a ping between pieces", first("a") + ping("p") + last("b"), "pong:p|text:ab"},
      {"pings between all pieces", first("a") + ping("1") + more("b") + ping("2") + last("c"),
       "pong:1|pong:2|text:abc"},
      {"a pong between pieces", first("a") + frame_bytes(0x8a, "x") + last("b"), "text:ab"},
      {"a close between pieces", first("a") + close_frame(1000), "close:1000"},
      {"a continuation of nothing", last("a"), "close:1002"},
      {"an unfinished continuation of nothing", more("a"), "close:1002"},
      {"a continuation behind a whole message", text_frame("a") + last("b"), "text:a?|close:1002"},
      {"a continuation behind the last piece", first("a") + last("b") + last("c"),
       "text:ab?|close:1002"},
      {"a text between pieces", first("a") + text_frame("b"), "close:1002"},
      {"a first piece between pieces", first("a") + first("b"), "close:1002"},
      {"binary between pieces", first("a") + frame_bytes(0x82, "b"), "close:1002"},
      {"binary", frame_bytes(0x82, "a"), "close:1003"},
      {"empty binary", frame_bytes(0x82, ""), "close:1003"},
      {"binary in pieces", frame_bytes(0x02, "a") + last("b"), "close:1003"},
      {"binary behind a text", text_frame("a") + frame_bytes(0x82, "b"), "text:a|close:1003"},
      {"a text behind binary", frame_bytes(0x82, "a") + text_frame("b"), "close:1003"},
      {"pieces at the bound", first(std::string(early_bytes_max - 1, 'a')) + last("b"),
       "text#" + std::to_string(early_bytes_max)},
      {"pieces over the bound", first(std::string(early_bytes_max, 'a')) + last("b"), "close:1009"},
      {"a piece that will not fit", first(std::string(early_bytes_max, 'a')) + more("b"),
       "close:1009"},
      {"many pieces over the bound",
       first(std::string(40'000, 'a')) + more(std::string(25'000, 'b')) +
           last(std::string(25'000, 'c')),
       "close:1009"},
  };
}

/// Each whole, and cut in pieces at every byte.
void add_cut(std::vector<websocket_case>& cases, std::string_view name, std::string_view text,
             const std::string& comes) {
  cases.push_back({std::string{name}, text_frame(text), comes});
  std::string pieces = first("");
  for (const char c : text)
    pieces += more({&c, 1});
  cases.push_back({std::string{name} + ", in pieces", pieces + last(""), comes});
}

std::vector<websocket_case> good_texts() {
  std::vector<websocket_case> cases;
  for (const auto& [name, text] : std::initializer_list<std::pair<const char*, std::string>>{
           {"ASCII", "hello"},
           {"NUL", std::string{"a\0b", 3}},
           {"DEL", "\x7f"},
           {"the first of two bytes", "\xc2\x80"},
           {"the last of two bytes", "\xdf\xbf"},
           {"the first of three bytes", "\xe0\xa0\x80"},
           {"the last before the surrogates", "\xed\x9f\xbf"},
           {"the first behind the surrogates", "\xee\x80\x80"},
           {"a byte order mark", "\xef\xbb\xbf"},
           {"a non-character", "\xef\xbf\xbf"},
           {"the first of four bytes", "\xf0\x90\x80\x80"},
           {"the last code point", "\xf4\x8f\xbf\xbf"},
           {"many of each", "κόσμε größer 😀 ≥"},
       })
    add_cut(cases, name, text, "text:" + text);
  return cases;
}

std::vector<websocket_case> bad_texts() {
  std::vector<websocket_case> cases;
  for (const auto& [name, text] : std::initializer_list<std::pair<const char*, std::string>>{
           {"a lone continuation", "\x80"},
           {"another lone continuation", "a\xbf"},
           {"a lead byte at the end", "a\xc3"},
           {"three bytes cut to two", "a\xe2\x82"},
           {"four bytes cut to three", "\xf0\x9f\x98"},
           {"a lead byte before ASCII", "\xc3"
                                        "a"},
           {"two lead bytes", "\xc3\xc3\xa9"},
           {"an overlong slash in two bytes", "\xc0\xaf"},
           {"an overlong slash in three", "\xe0\x80\xaf"},
           {"an overlong slash in four", "\xf0\x80\x80\xaf"},
           {"an overlong NUL", "\xc0\x80"},
           {"the largest overlong of two bytes", "\xc1\xbf"},
           {"the largest overlong of three", "\xe0\x9f\xbf"},
           {"the largest overlong of four", "\xf0\x8f\xbf\xbf"},
           {"the first surrogate", "\xed\xa0\x80"},
           {"the last surrogate", "\xed\xbf\xbf"},
           {"a pair of surrogates", "\xed\xa0\xbd\xed\xb8\x80"},
           {"the first beyond Unicode", "\xf4\x90\x80\x80"},
           {"a lead byte of five", "\xf8\x88\x80\x80\x80"},
           {"a lead byte of six", "\xfc\x84\x80\x80\x80\x80"},
           {"FE", "\xfe"},
           {"FF", "\xff"},
           {"Latin-1", "gr\xf6\xdf"
                       "er"},
           {"a bad byte behind much good text", std::string(150, 'a') + "\xff"},
       })
    add_cut(cases, name, text, "close:1007");
  return cases;
}

} // namespace

TEST_CASE("websocket cases: fragments", "[websocket][hardening]") {
  run_websocket_cases(fragments(), 29);
}

TEST_CASE("websocket cases: texts that are UTF-8", "[websocket][hardening]") {
  run_websocket_cases(good_texts(), 26);
}

TEST_CASE("websocket cases: texts that are not", "[websocket][hardening]") {
  run_websocket_cases(bad_texts(), 48);
}

TEST_CASE("websocket cases: a bad text ends a connection before the message does",
          "[websocket][hardening]") {
  server_world world;
  auto client = world.connect_websocket();
  client.send(first("a\xff"));
  CHECK(client.read_data().value_or(raw_frame{}).close_code() == 1007);
}

} // namespace troupe::test
