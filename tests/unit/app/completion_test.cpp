#include "app/cli/completion.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <set>
#include <sstream>

namespace {

using namespace troupe::cli;

/// What a shell prints for a script, and how it ended.
std::pair<std::string, int> shell_prints(const std::string& script) {
  FILE* const file = std::tmpfile();
  REQUIRE(file != nullptr);
  std::fputs(script.c_str(), file);
  std::fflush(file);
  const auto command = "bash --norc /proc/self/fd/" + std::to_string(fileno(file)) + " 2>&1";
  FILE* const pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string out;
  std::array<char, 4096> buffer{};
  while (const auto got = std::fread(buffer.data(), 1, buffer.size(), pipe))
    out.append(buffer.data(), got);
  const int status = ::pclose(pipe);
  std::fclose(file);
  return {out, status};
}

/// What bash offers behind `words`, of which the last is unfinished.
std::set<std::string> offered(const std::string& words) {
  const auto [out, status] =
      shell_prints(completion_script(command_words(), "bash") + "\nCOMP_WORDS=(troupe " + words +
                   ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_troupe\n"
                   "printf '%s\\n' \"${COMPREPLY[@]}\"\n");
  INFO(out);
  CHECK(status == 0);
  std::istringstream lines{out};
  std::set<std::string> found;
  for (std::string line; std::getline(lines, line);)
    found.insert(line);
  return found;
}

} // namespace

TEST_CASE("completion: bash offers the verbs, and the options that fit the verb") {
  CHECK(offered("conf") == std::set<std::string>{"config"});
  CHECK(offered("config s") == std::set<std::string>{"schema", "set"});
  CHECK(offered("config set --dr") == std::set<std::string>{"--dry-run"});
  CHECK(offered("--json gateway ru") == std::set<std::string>{"run"});
  CHECK(offered("gateway run --js") == std::set<std::string>{"--json"});
  CHECK(offered("config set gateway.port --acc") == std::set<std::string>{"--accept-unenforced"});
}

TEST_CASE("completion: every verb is in every script") {
  const auto words = command_words();
  CHECK(words.under.size() > 8);
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const auto script = completion_script(words, shell);
    for (const auto& verb : words.under)
      CHECK(script.find("'" + verb.word + "'") != std::string::npos);
    CHECK(script.find("'config set'") != std::string::npos);
  }
}
