#include "actors/gateway/json_writer.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <string>

namespace troupe::gateway {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

} // namespace

TEST_CASE("json writer: puts commas between members and items only", "[gateway]") {
  json_writer out;
  out.begin_object()
      .member("a", 1)
      .key("b")
      .begin_array()
      .value(true)
      .value("x")
      .null()
      .begin_object()
      .end_object()
      .end_array()
      .member_if("left out", "")
      .member_raw("c", "{}")
      .member_null("d")
      .end_object();
  CHECK(out.take() == R"({"a":1,"b":[true,"x",null,{}],"c":{},"d":null})");
}

TEST_CASE("json writer: escapes what JSON forbids and keeps the rest", "[gateway]") {
  CHECK(quoted("a\"b\\c\n\r\t\x01") == R"("a\"b\\c\n\r\t\u0001")");
  CHECK(quoted("größer ≥ 😀") == "\"größer ≥ 😀\"");
}

TEST_CASE("json writer: replaces bytes that are not UTF-8", "[gateway]") {
  CHECK(quoted("a\xFFz") == "\"a\uFFFDz\"");
  CHECK(quoted("\xC0\xAF") == "\"\uFFFD\uFFFD\"");                     // Overlong.
  CHECK(quoted("\xED\xA0\x80") == "\"\uFFFD\uFFFD\uFFFD\"");           // A surrogate.
  CHECK(quoted("\xF4\x90\x80\x80") == "\"\uFFFD\uFFFD\uFFFD\uFFFD\""); // Above U+10FFFF.
  CHECK(quoted("\xE2\x82") == "\"\uFFFD\uFFFD\"");                     // Cut.
}

TEST_CASE("json writer: any bytes become a string that a parser reads", "[gateway]") {
  CHECK(rc::check([](const std::string& bytes) {
    boost::json::error_code failed;
    const auto read = boost::json::parse(quoted(bytes), failed);
    RC_ASSERT(!failed);
    RC_ASSERT(read.is_string());
  }));
}

TEST_CASE("utf-8: a cut never leaves half a sequence", "[gateway]") {
  const std::string text = "a€b";
  CHECK(cut_utf8(text, 5) == "a€b");
  CHECK(cut_utf8(text, 4) == "a€");
  CHECK(cut_utf8(text, 3) == "a");
  CHECK(cut_utf8(text, 2) == "a");
  CHECK(whole_utf8_prefix("a\xE2\x82") == 1);
  CHECK(whole_utf8_prefix("a€") == 4);
  // Continuation bytes without a beginning are not waited for.
  CHECK(whole_utf8_prefix("\x82\x82\x82\x82") == 4);
  CHECK(whole_utf8_prefix("") == 0);
}

} // namespace troupe::gateway
