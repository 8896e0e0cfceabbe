#include "config/source/substitute.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

namespace troupe::config {
namespace {

environment with_variables() {
  return environment([](const std::string& name) -> std::optional<std::string> {
    if (name == "HOST")
      return "example.org";
    if (name == "_A1")
      return "one";
    if (name == "NESTED")
      return "${HOST}";
    if (name == "EMPTY")
      return "";
    return std::nullopt;
  });
}

std::string replaced(std::string_view text) {
  return substitute(text, with_variables()).text;
}

TEST_CASE("substitute: replaces variables wherever they stand", "[substitute]") {
  CHECK(replaced("${HOST}") == "example.org");
  CHECK(replaced("https://${HOST}/${_A1}/x") == "https://example.org/one/x");
  CHECK(replaced("${HOST}${HOST}") == "example.orgexample.org");
  CHECK(replaced("") == "");
}

TEST_CASE("substitute: never looks into a value again", "[substitute]") {
  CHECK(replaced("${NESTED}") == "${HOST}");
}

TEST_CASE("substitute: leaves what is no reference", "[substitute]") {
  for (const auto* text : {"$HOST", "${host}", "${Host}", "${1A}", "${}", "${HOST", "$", "$$",
                           "${HO ST}", "{HOST}", "$ {HOST}", "$$HOST", "100$"})
    CHECK(replaced(text) == text);
}

TEST_CASE("substitute: a doubled dollar writes the reference itself", "[substitute]") {
  CHECK(replaced("$${HOST}") == "${HOST}");
  CHECK(replaced("a$${MISSING}b") == "a${MISSING}b");
  CHECK(replaced("$$${HOST}") == "$${HOST}");
  CHECK(substitute("$${MISSING}", with_variables()).missing.empty());
}

TEST_CASE("substitute: keeps missing and empty variables visible and names them", "[substitute]") {
  const auto out = substitute("${HOST}/${NONE}/${EMPTY}", with_variables());
  CHECK(out.text == "example.org/${NONE}/${EMPTY}");
  CHECK(out.missing == std::vector<std::string>{"NONE", "EMPTY"});
}

TEST_CASE("substitute: text without a dollar stays as it is", "[substitute][property]") {
  CHECK(rc::check("identity", [](std::string text) {
    std::erase(text, '$');
    RC_ASSERT(replaced(text) == text);
  }));
}

TEST_CASE("secret references: know both shorthands and nothing else", "[substitute]") {
  CHECK(whole_reference("${API_KEY}") == "API_KEY");
  CHECK(whole_reference("$API_KEY") == "API_KEY");
  for (const auto* text :
       {"API_KEY", "$api", "${api}", "$_A", "${_A}", "x${A}", "${A}x", "$", "${}", "$A-B", "$${A}"})
    CHECK(whole_reference(text).empty());
  CHECK(is_env_secret_id(std::string(128, 'A')));
  CHECK_FALSE(is_env_secret_id(std::string(129, 'A')));
}

} // namespace
} // namespace troupe::config
