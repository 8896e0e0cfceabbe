#include "config/edit/edit.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

namespace troupe::config {
namespace {

namespace json = boost::json;

json::value parse(std::string_view text) {
  return json::parse({text.data(), text.size()});
}

/// `before` after a merge, or the finding as text.
std::string merged(std::string_view before, std::string_view patch,
                   std::vector<std::string> replace_paths = {}) {
  const auto out =
      apply_edit(parse(before), {edit::kind::merge, std::string(patch), std::move(replace_paths)});
  if (const auto* wrong = std::get_if<finding>(&out))
    return "refused: " + wrong->text();
  return json::serialize(std::get<json::value>(out));
}

std::string replaced(std::string_view before, std::string_view raw) {
  const auto out = apply_edit(parse(before), {edit::kind::replace, std::string(raw), {}});
  if (const auto* wrong = std::get_if<finding>(&out))
    return "refused: " + wrong->text();
  return json::serialize(std::get<json::value>(out));
}

TEST_CASE("edit: a merge changes what it names and null takes away", "[config]") {
  CHECK(merged(R"({"a":{"b":1,"c":2},"d":3})", "{a: {b: 5, e: 6}, d: null}") ==
        R"({"a":{"b":5,"c":2,"e":6}})");
  CHECK(merged(R"({"a":5})", "{a: {b: {c: null, d: 1}}}") == R"({"a":{"b":{"d":1}}})");
  CHECK(merged(R"({"a":1})", "{b: null}") == R"({"a":1})");
  CHECK(merged(R"({})", "[1]").starts_with("refused: :1:1") == false);
  CHECK(merged(R"({})", "[1]").find("expected an object") != std::string::npos);
  CHECK(merged(R"({})", "{ bad").starts_with("refused: "));
}

TEST_CASE("edit: a merge loses no entry of an array by accident", "[config]") {
  CHECK(merged(R"({"a":[1,2]})", "{a: [1, 2, 3]}") == R"({"a":[1,2,3]})");
  CHECK(merged(R"({"a":[1,2]})", "{a: [2]}") ==
        "refused: a: would lose entries; name it in replacePaths to replace the array");
  CHECK(merged(R"({"a":[1,2]})", "{a: [2]}", {"a"}) == R"({"a":[2]})");
  CHECK(merged(R"({"a":[1,2]})", "{a: [2]}", {"b"}).starts_with("refused"));
  CHECK(merged(R"({"a":[1,2]})", "{a: null}") == R"({})");
}

TEST_CASE("edit: arrays of objects with an id are merged by it", "[config]") {
  const auto* before = R"({"a":[{"id":"x","n":1,"m":2},{"id":"y"}]})";
  CHECK(merged(before, "{a: [{id: 'x', n: 5, m: null}, {id: 'z'}]}") ==
        R"({"a":[{"id":"x","n":5},{"id":"y"},{"id":"z"}]})");
  CHECK(merged(before, "{a: [{id: 'z'}]}", {"a"}) == R"({"a":[{"id":"z"}]})");
}

TEST_CASE("edit: a placeholder stands for the secret that is there", "[config]") {
  const auto* hidden = "__OPENCLAW_REDACTED__";
  const auto* before =
      R"({"t":"old","l":[{"id":"x","k":"kx"},{"id":"y","k":"ky"}],"u":"http://me:pw@h/p"})";
  CHECK(replaced(before, "{t: '" + std::string(hidden) + "'}") == R"({"t":"old"})");
  // By the id, not by the position.
  CHECK(replaced(before, "{l: [{id: 'y', k: '" + std::string(hidden) + "'}]}") ==
        R"({"l":[{"id":"y","k":"ky"}]})");
  CHECK(replaced(before, "{u: 'http://" + std::string(hidden) + "@h/p'}") ==
        R"({"u":"http://me:pw@h/p"})");
  CHECK(replaced(before, "{u: 'http://" + std::string(hidden) + "@elsewhere/p'}")
            .find("placeholder") != std::string::npos);
  CHECK(replaced(before, "{other: '" + std::string(hidden) + "'}").find("placeholder") !=
        std::string::npos);
  CHECK(merged(before, "{t: '" + std::string(hidden) + "', n: 1}").find(R"("t":"old")") !=
        std::string::npos);
}

TEST_CASE("edit: what an include owns is left to it", "[config]") {
  const auto may = [](std::string_view before, std::string_view after) {
    return include_objection(parse(before), parse(after)).empty();
  };
  CHECK(may(R"({"a":{"$include":"x"},"b":1})", R"({"a":{"$include":"x"},"b":2})"));
  CHECK_FALSE(may(R"({"a":{"$include":"x"}})", R"({"a":{"$include":"x","c":1}})"));
  CHECK_FALSE(
      may(R"({"a":{"$include":"x","c":{"d":1}}})", R"({"a":{"$include":"x","c":{"d":2}}})"));
  CHECK_FALSE(may(R"({"a":{"$include":"x"}})", R"({"a":{"$include":"y"}})"));
  CHECK_FALSE(may(R"({"a":{"$include":"x"}})", R"({})"));
  CHECK_FALSE(may(R"({})", R"({"a":{"$include":"x"}})"));
  CHECK_FALSE(may(R"({"$include":"x"})", R"({"$include":"x","a":1})"));
  CHECK_FALSE(may(R"({"a":[{"$include":"x"}]})", R"({"a":[{"$include":"x"},2]})"));
}

TEST_CASE("edit: is rendered as a person would write it", "[config]") {
  CHECK(render(parse(R"({"a":{"b":[1,"x\n"],"c":{}},"d":[]})")) ==
        "{\n  \"a\": {\n    \"b\": [\n      1,\n      \"x\\n\"\n    ],\n    \"c\": {}\n  },\n"
        "  \"d\": []\n}\n");
}

} // namespace
} // namespace troupe::config
