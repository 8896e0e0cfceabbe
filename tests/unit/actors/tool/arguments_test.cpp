#include "actors/tool/arguments.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {

TEST_CASE("tool arguments: what is not an object is refused") {
  for (const auto* text : {"[]", "\"x\"", "1", "null", "{", "{\"a\":}"})
    CHECK_FALSE(tool_arguments::parse(text));
  CHECK(tool_arguments::parse(""));
  CHECK(tool_arguments::parse("{}"));
}

TEST_CASE("tool arguments: texts and numbers within their bounds") {
  const auto parsed = tool_arguments::parse(R"({"path":"a","n":5,"big":1e30,"neg":-1,"empty":""})");
  REQUIRE(parsed);
  const auto& arguments = parsed.value();
  CHECK(arguments.text("path").value() == "a");
  CHECK_FALSE(arguments.text("empty"));
  CHECK_FALSE(arguments.text("absent"));
  CHECK(arguments.text_or("absent", "x") == "x");
  CHECK(arguments.number_or("n", 1, 1, 5).value() == 5);
  CHECK_FALSE(arguments.number_or("n", 1, 1, 4));
  CHECK_FALSE(arguments.number_or("neg", 1, 1, 4));
  CHECK_FALSE(arguments.number_or("big", 1, 1, 4));
  CHECK_FALSE(arguments.number_or("path", 1, 1, 4));
  CHECK(arguments.number_or("absent", 3, 1, 4).value() == 3);
}

} // namespace troupe::test
