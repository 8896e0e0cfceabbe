#include "app/cli/console.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <map>
#include <sstream>

namespace {

using namespace troupe;
using namespace troupe::cli;

struct stage {
  std::ostringstream out;
  std::ostringstream err;
  std::map<std::string, std::string> variables;
  environment around;

  stage() {
    around.out = &out;
    around.err = &err;
    around.variable = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional{found->second};
    };
  }
};

const failure example{exit_status::failed, "run_failed", "the run failed", "try again", {}};

} // namespace

TEST_CASE("console: a person reads what failed and what to do on stderr") {
  stage world;

  CHECK(console{world.around, false}.fail(example) == 1);
  CHECK(world.out.str().empty());
  CHECK(world.err.str() == "error: the run failed\n  try again\n");
}

TEST_CASE("console: a program reads one object on stdout") {
  stage world;

  CHECK(console{world.around, true}.fail(example) == 1);
  const auto told = boost::json::parse(world.out.str());
  CHECK_FALSE(told.at("ok").get_bool());
  CHECK(told.at("error").at("code") == "run_failed");
  CHECK(told.at("error").at("message") == "the run failed");
  CHECK(told.at("error").at("next") == "try again");
  CHECK(world.err.str().empty());
}

TEST_CASE("console: human lines stay out of JSON and the other way round") {
  stage world;

  console{world.around, true}.result({{"a", 1}}, "for people");
  CHECK(boost::json::parse(world.out.str()) ==
        boost::json::value(boost::json::object{{"ok", true}, {"a", 1}}));
  world.out.str("");
  console{world.around, false}.result({{"a", 1}}, "for people");
  CHECK(world.out.str() == "for people\n");
}

TEST_CASE("console: colours appear on a terminal only, and NO_COLOR switches them off") {
  stage world;
  console{world.around, false}.aside("a");
  CHECK(world.out.str() == "a\n");

  world.around.out_is_terminal = true;
  world.out.str("");
  console{world.around, false}.aside("a");
  CHECK(world.out.str().find('\x1b') != std::string::npos);

  world.variables["NO_COLOR"] = "1";
  world.out.str("");
  console{world.around, false}.aside("a");
  CHECK(world.out.str() == "a\n");

  world.variables = {{"TERM", "dumb"}};
  world.out.str("");
  console{world.around, false}.aside("a");
  CHECK(world.out.str() == "a\n");
}

TEST_CASE("console: control characters of others do not reach a terminal") {
  CHECK(printable("a\x1b[2Jb\x07\r\n\tc\x7f") == "a[2Jb\n\tc");
  CHECK(printable("\xc2\x9b"
                  "31m \xc3\xa9 \xe2\x80\xa6") == "31m \xc3\xa9 \xe2\x80\xa6");

  stage world;
  console{world.around, false}.piece("\x1b");
  CHECK(world.out.str() == "\x1b"); // A pipe gets what was said, byte for byte.
}

TEST_CASE("console: pretty JSON is the same JSON") {
  const auto value = boost::json::parse(R"({"a":[1,{"b":null}],"c":{},"d":[],"e":"x\n"})");

  CHECK(boost::json::parse(pretty(value)) == value);
  CHECK(pretty(boost::json::parse(R"({"a":[1]})")) == "{\n  \"a\": [\n    1\n  ]\n}");
}
