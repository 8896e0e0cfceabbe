#include "app/cli/target.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <map>

namespace {

using namespace troupe;
using namespace troupe::cli;

/// A machine with a config, environment variables and a state directory.
struct machine {
  std::map<std::string, std::string> variables;
  config::load_outcome loaded;
  environment around;
  unsigned loads = 0;

  machine() {
    loaded.config.emplace();
    loaded.config->values.gateway.port = 4711;
    around.variable = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional{found->second};
    };
    around.load_config = [this](const config::load_options&) {
      ++loads;
      return loaded;
    };
  }
  config::gateway_settings& gateway() { return loaded.config->values.gateway; }
  target find(const global_options& global = {}) {
    auto found = find_target(global, around);
    REQUIRE(found.has_value());
    return found.assume_value();
  }
};

} // namespace

TEST_CASE("target: the config gives the address and the token") {
  machine here;
  here.gateway().auth.token = secret{"configured"};

  const auto found = here.find();
  CHECK(found.url.text() == "ws://127.0.0.1:4711");
  CHECK(found.token.reveal() == "configured");
}

TEST_CASE("target: flags win over the environment, which wins over the config") {
  machine here;
  here.gateway().auth.token = secret{"configured"};
  here.variables["OPENCLAW_GATEWAY_TOKEN"] = "openclaw";
  CHECK(here.find().token.reveal() == "openclaw");
  here.variables["TROUPE_GATEWAY_TOKEN"] = "troupe";
  CHECK(here.find().token.reveal() == "troupe");
  global_options global;
  global.token = secret{"flag"};
  CHECK(here.find(global).token.reveal() == "flag");
}

TEST_CASE("target: the generated token is read from the state directory") {
  machine here;
  const auto state = std::filesystem::temp_directory_path() / "troupe-target-test";
  std::filesystem::create_directories(state);
  std::ofstream{state / "gateway-token"} << "generated\n";
  here.loaded.config->where.state_dir = state;

  CHECK(here.find().token.reveal() == "generated");
  std::filesystem::remove_all(state);
  CHECK(here.find().token.empty());
}

TEST_CASE("target: password and no auth follow the config") {
  machine here;
  here.gateway().auth.mode = config::auth_mode::password;
  here.gateway().auth.password = secret{"word"};
  CHECK(here.find().password.reveal() == "word");
  CHECK(here.find().token.empty());

  here.gateway().auth.mode = config::auth_mode::none;
  CHECK(here.find().no_auth);
}

TEST_CASE("target: this machine's token never goes to another address") {
  machine here;
  here.gateway().auth.token = secret{"configured"};
  global_options global;
  global.url = "wss://gateway.example:443";

  const auto elsewhere = here.find(global);
  CHECK(elsewhere.token.empty());
  CHECK(here.loads == 0);
  global.url = "ws://127.0.0.1:99";
  CHECK(here.find(global).token.reveal() == "configured");
}

TEST_CASE("target: with an address and a token the config may be broken") {
  machine here;
  here.loaded.config.reset();
  here.loaded.where.config_path = "troupe.json";
  here.loaded.errors.push_back({"gateway.prot", 3, 5, "unknown key", "troupe.json"});
  global_options global;

  const auto refused = find_target(global, here.around);
  REQUIRE(refused.has_error());
  CHECK(refused.assume_error().code == "invalid_config");
  CHECK(refused.assume_error().next.find("troupe config validate") != std::string::npos);

  global.url = "ws://127.0.0.1:99";
  global.token = secret{"t"};
  CHECK(here.find(global).url.port == 99);
}

TEST_CASE("target: a bad address is a usage error") {
  machine here;
  global_options global;
  global.url = "127.0.0.1:18789";

  const auto refused = find_target(global, here.around);
  REQUIRE(refused.has_error());
  CHECK(refused.assume_error().status == exit_status::usage);
}
