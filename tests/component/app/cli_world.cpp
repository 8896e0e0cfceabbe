#include "tests/component/app/cli_world.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>

namespace troupe::test {

cli_world::cli_world() {
  REQUIRE(::pipe2(input_, O_CLOEXEC) == 0);
  REQUIRE(::pipe2(interrupts_, O_CLOEXEC) == 0);
  loaded.config.emplace();
  loaded.where.config_path = "/state/troupe.json";
  variables["TROUPE_GATEWAY_TOKEN"] = "secret-token";
}

cli_world::~cli_world() {
  for (const int descriptor : {input_[0], input_[1], interrupts_[0], interrupts_[1]})
    if (descriptor >= 0)
      ::close(descriptor);
}

int cli_world::run(std::vector<std::string> words) {
  std::ostringstream printed;
  std::ostringstream complained;
  cli::environment around;
  around.out = &printed;
  around.err = &complained;
  around.input = input_[0];
  around.interrupts = interrupts_[0];
  around.variable = [this](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional{found->second};
  };
  around.load_config = [this](const config::load_options& options) {
    return real_config ? config::load(options) : loaded;
  };
  around.config_schema = [] { return boost::json::value(boost::json::object{{"type", "object"}}); };
  around.hooks.gateway_run = [this](const gateway_run_options& options) {
    gateways.push_back(options);
    return 0;
  };
  if (input_[1] >= 0) {
    ::close(input_[1]); // What was typed is all there is.
    input_[1] = -1;
  }
  status = cli::run_command(words, around);
  out = printed.str();
  err = complained.str();
  return status;
}

boost::json::value cli_world::run_json(std::vector<std::string> words) {
  words.emplace_back("--json");
  run(std::move(words));
  REQUIRE(out.ends_with('\n'));
  REQUIRE(out.find('\n') == out.size() - 1);
  auto object = boost::json::parse(out);
  REQUIRE(object.is_object());
  REQUIRE(object.at("ok").is_bool());
  CHECK(object.at("ok").get_bool() == (status == 0));
  return object;
}

void cli_world::type(const std::string& text) {
  REQUIRE(::write(input_[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

void cli_world::interrupt() {
  // Called by scripts on their threads, where Catch2 may not be used.
  if (::write(interrupts_[1], "c", 1) != 1)
    throw std::runtime_error{"the test's Ctrl-C is broken"};
}

} // namespace troupe::test
