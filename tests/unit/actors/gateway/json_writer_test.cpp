#include "actors/gateway/json_writer.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <string>

namespace troupe::gateway {
namespace {

std::string quoted(std::string_view text) {
  json_writer out;
  out.value(text);
  return out.take();
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
  CHECK(quoted("\xE2\x82") == "\"\uFFFD\"");                           // Cut.
}

TEST_CASE("json writer: any bytes become a string that a parser reads", "[gateway]") {
  CHECK(rc::check([](const std::string& bytes) {
    boost::json::error_code failed;
    const auto read = boost::json::parse(quoted(bytes), failed);
    RC_ASSERT(!failed);
    RC_ASSERT(read.is_string());
  }));
}

} // namespace troupe::gateway
