#include "config/source/environment.hpp"

#include <catch2/catch.hpp>

namespace troupe::config {
namespace {

TEST_CASE("environment: an earlier layer wins, even with nothing in it", "[environment]") {
  environment variables([](const std::string& name) -> std::optional<std::string> {
    if (name == "A")
      return "process";
    if (name == "HIDDEN")
      return "";
    return std::nullopt;
  });
  variables.add_layer({{"A", "first"}, {"B", "first"}, {"HIDDEN", "first"}});
  variables.add_layer({{"B", "second"}, {"C", "second"}});

  CHECK(variables.find("A") == "process");
  CHECK(variables.find("B") == "first");
  CHECK(variables.find("C") == "second");
  CHECK_FALSE(variables.find("HIDDEN"));
  CHECK_FALSE(variables.find("D"));
}

TEST_CASE("environment: our own name wins over OpenClaw's, wherever it is set", "[environment]") {
  environment variables([](const std::string& name) -> std::optional<std::string> {
    return name == "OPENCLAW_X" || name == "OPENCLAW_Y" ? std::optional<std::string>("theirs")
                                                        : std::nullopt;
  });
  variables.add_layer({{"TROUPE_X", "ours"}});

  CHECK(variables.ours("X")->name == "TROUPE_X");
  CHECK(variables.ours("X")->value == "ours");
  CHECK(variables.ours("Y")->name == "OPENCLAW_Y");
  CHECK_FALSE(variables.ours("Z"));
}

TEST_CASE("environment: reads the process's own without a seam", "[environment]") {
  CHECK(environment().find("PATH"));
}

TEST_CASE("dotenv: reads assignments, comments and quotes", "[environment]") {
  const auto read = parse_dotenv("# comment\n"
                                 "PLAIN=a b\n"
                                 "  export SPACED =  x  \r\n"
                                 "COMMENTED=v # note\n"
                                 "HASH=v#note\n"
                                 "SINGLE='a\\n # \"b'\n"
                                 "DOUBLE=\"a\\nb\\\"c\\\\ # d\" # note\n"
                                 "EMPTY=\n"
                                 "URL=http://x/?a=b\n"
                                 "\n"
                                 "LAST=1\nLAST=2");
  CHECK(read.bad_lines.empty());
  CHECK(read.variables == environment::variables{{"PLAIN", "a b"},
                                                 {"SPACED", "x"},
                                                 {"COMMENTED", "v"},
                                                 {"HASH", "v#note"},
                                                 {"SINGLE", "a\\n # \"b"},
                                                 {"DOUBLE", "a\nb\"c\\ # d"},
                                                 {"EMPTY", ""},
                                                 {"URL", "http://x/?a=b"},
                                                 {"LAST", "2"}});
}

TEST_CASE("dotenv: names the lines it cannot read", "[environment]") {
  const auto read = parse_dotenv("A=1\nnonsense\n1X=2\n=3\nB='open\nC=\"open\\\"\nD E=1\n");
  CHECK(read.bad_lines == std::vector<unsigned>{2, 3, 4, 5, 6, 7});
  CHECK(read.variables == environment::variables{{"A", "1"}});
}

} // namespace
} // namespace troupe::config
