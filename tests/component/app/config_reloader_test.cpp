#include "actors/gateway/config_report.hpp"
#include "app/config_reloader.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/json/value.hpp>
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

namespace troupe::test {
namespace {

using paths = std::vector<std::string>;

/// A config file, a reloader of it, and a node that only notes what it is given.
struct reload_world {
  temp_dir home;
  manual_clock time;
  std::map<std::string, std::string> environment;
  config::load_options options;
  paths decided;
  std::shared_ptr<config_reloader> reloader;
  std::vector<std::shared_ptr<const config::loaded>> applied;
  result<void> answer = boost::outcome_v2::success();
  std::uint64_t generation_announced = 0;

  reload_world() {
    environment["HOME"] = home.path();
    options.state_dir = home / "state";
    options.working_dir = home.path();
    options.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = environment.find(name);
      return found == environment.end() ? std::nullopt : std::optional(found->second);
    };
    std::filesystem::create_directories(home / "state");
  }

  std::string file() const { return home / "state/troupe.json"; }
  void put(std::string_view text) { std::ofstream(file(), std::ios::binary) << text; }
  std::string text() const {
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void start(std::string_view text) {
    put(text);
    const auto outcome = config::load(options);
    REQUIRE(outcome.config);
    reloader = std::make_shared<config_reloader>(
        config_reloader::surroundings{
            options, decided,
            [](config::loaded&) -> result<void> { return boost::outcome_v2::success(); },
            [this] { return time.now_wall_ms(); }},
        outcome, *outcome.config);
    reloader->attach({[this](std::shared_ptr<const config::loaded> next) {
                        if (answer)
                          applied.push_back(std::move(next));
                        return answer;
                      },
                      [this](const config::loaded&, const config::loaded& now, const std::string&) {
                        // Whoever hears of it finds it in the state.
                        CHECK(&now == applied.back().get());
                        generation_announced = reloader->state().generation;
                      }});
  }
  gateway::config_state edit(std::string_view text) {
    put(text);
    reloader->reload();
    return reloader->state();
  }
  result<gateway::config_written> write(config::edit::kind how, std::string raw,
                                        std::string base = {}) {
    return reloader->write({"config.patch", {how, std::move(raw), {}}, std::move(base)});
  }
  result<gateway::config_written> patch(std::string raw) {
    return write(config::edit::kind::merge, std::move(raw), base());
  }
  std::string base() const { return gateway::config_hash(reloader->read()); }
  const config::settings& last() const { return applied.back()->values; }
};

TEST_CASE_METHOD(reload_world, "reloader: a hot change is in force at once", "[reload]") {
  start("{messages: {queue: {cap: 5}}}");
  const auto state = edit("{messages: {queue: {cap: 6}}}");
  REQUIRE(applied.size() == 1);
  CHECK(last().queue.cap == 6);
  CHECK(state.generation == 2);
  CHECK(generation_announced == 2);
  CHECK(state.restart_needed.empty());
  CHECK(state.refused.empty());
  CHECK(state.mode == "hybrid");
  CHECK_FALSE(reloader->wants_restart());

  edit("{messages: {queue: {cap: 6}}} // the same");
  CHECK(applied.size() == 1);
  CHECK(reloader->state().hash == base());
}

TEST_CASE_METHOD(reload_world, "reloader: what needs a restart is told, never silent", "[reload]") {
  start("{gateway: {port: 1000}}");
  auto state = edit("{gateway: {port: 2000}, messages: {queue: {cap: 6}}}");
  REQUIRE(applied.size() == 1);
  CHECK(last().gateway.port == 1000);
  CHECK(last().queue.cap == 6);
  CHECK(state.restart_needed == paths{"gateway.port"});

  state = edit("{gateway: {port: 2000}, messages: {queue: {cap: 7}}}");
  CHECK(state.restart_needed == paths{"gateway.port"}); // Still.
  state = edit("{gateway: {port: 1000}, messages: {queue: {cap: 7}}}");
  CHECK(state.restart_needed.empty());
  CHECK(last().gateway.port == 1000);
}

TEST_CASE_METHOD(reload_world, "reloader: an edit that is not accepted leaves the last good one",
                 "[reload]") {
  start("{messages: {queue: {cap: 5}}}");
  CHECK(edit("{messages: {queue: {cap: 0}}}")
            .refused.starts_with("messages.queue.cap (troupe.json:1:"));
  CHECK(edit("{ half").refused.find("troupe.json:1") != std::string::npos);
  std::filesystem::remove(file());
  reloader->reload();
  CHECK(reloader->state().refused == "the file is gone");
  CHECK(applied.empty());
  CHECK(reloader->state().generation == 1);
  CHECK(edit("{messages: {queue: {cap: 5}}}").refused.empty());
  CHECK(applied.empty()); // It is what was in force all the time.
}

TEST_CASE_METHOD(reload_world, "reloader: a change that cannot be put into force is tried again",
                 "[reload]") {
  start("{messages: {queue: {cap: 5}}}");
  answer = error{errc::storage_failed, "no room for the workspace"};
  CHECK(edit("{messages: {queue: {cap: 6}}}").refused == "no room for the workspace");
  CHECK(reloader->state().generation == 1);
  answer = boost::outcome_v2::success();
  reloader->reload();
  REQUIRE(applied.size() == 1);
  CHECK(last().queue.cap == 6);
  CHECK(reloader->state().refused.empty());
}

TEST_CASE_METHOD(reload_world, "reloader: mode off changes nothing and says so", "[reload]") {
  start("{gateway: {reload: {mode: 'off'}}}");
  CHECK(edit("{messages: {queue: {cap: 6}}}").refused.find("\"off\"") != std::string::npos);
  CHECK(applied.empty());
  CHECK(reloader->state().mode == "off");
}

TEST_CASE_METHOD(reload_world, "reloader: only mode restart asks for one", "[reload]") {
  start("{gateway: {reload: {mode: 'restart'}}}");
  edit("{gateway: {reload: {mode: 'restart'}}, messages: {queue: {cap: 6}}}");
  CHECK_FALSE(reloader->wants_restart());
  edit("{gateway: {port: 1000, reload: {mode: 'restart'}}}");
  CHECK(reloader->wants_restart());
  for (const std::string mode : {"hot", "hybrid"}) {
    edit("{gateway: {port: 1000, reload: {mode: '" + mode + "'}}}");
    CHECK_FALSE(reloader->wants_restart());
    CHECK(reloader->state().restart_needed == paths{"gateway.port"});
  }
}

TEST_CASE_METHOD(reload_world, "reloader: the command line decides what it named", "[reload]") {
  decided = {"gateway.port"};
  start("{gateway: {port: 1000}}");
  CHECK(edit("{gateway: {port: 2000}}").restart_needed.empty());
}

TEST_CASE_METHOD(reload_world, "reloader: a secret that has gone missing keeps its value",
                 "[reload]") {
  environment["KEY"] = "k";
  const std::string text = "{models: {providers: {p: {baseUrl: 'http://x', apiKey: '$KEY'}}}, "
                           "messages: {queue: {cap: ";
  start(text + "5}}}");
  environment.erase("KEY");
  edit(text + "6}}}");
  REQUIRE(applied.size() == 1);
  CHECK(last().providers.at("p").unavailable.empty());
  CHECK(last().providers.at("p").api_key.reveal() == "k");
  environment["KEY"] = "new";
  reloader->reload();
  CHECK(last().providers.at("p").api_key.reveal() == "new");
}

TEST_CASE_METHOD(reload_world, "reloader: a write needs the base it was made from", "[reload]") {
  start("{gateway: {port: 1000}}");
  const auto refusal = [&](auto outcome) {
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == errc::invalid_argument);
    return outcome.error().detail;
  };
  const auto merge = config::edit::kind::merge;
  CHECK(refusal(write(merge, "{messages: {queue: {cap: 6}}}")) ==
        "config base hash required for messages.queue.cap; re-run config.get and retry with "
        "baseHash");
  CHECK(refusal(write(merge, "{ bad", "stale")) ==
        "config changed since last load; re-run config.get and retry");
  CHECK(refusal(patch("{gateway: {port: 0}}"))
            .starts_with("invalid config: gateway.port (troupe.json:3:13): expected an integer"));
  CHECK(refusal(patch("{ bad")).starts_with("invalid config: "));
  CHECK(text() == "{gateway: {port: 1000}}");
  CHECK(applied.empty());
}

TEST_CASE_METHOD(reload_world, "reloader: a write is on the disk and in force when it answers",
                 "[reload]") {
  start("{gateway: {port: 1000, auth: {token: 'hush'}}}");
  const auto before = base();
  const auto done = patch("{gateway: {port: 2000}, messages: {queue: {cap: 6}}}");
  REQUIRE(done);
  CHECK(done.value().changed == paths{"gateway.port", "messages.queue.cap"});
  CHECK(done.value().hash == base());
  CHECK(done.value().hash != before);
  CHECK(done.value().state.restart_needed == paths{"gateway.port"});
  CHECK(done.value().running->values.queue.cap == 6);
  CHECK(text().find("\"token\": \"hush\"") != std::string::npos);
  REQUIRE(applied.size() == 1);

  const auto again = patch("{gateway: {port: 2000}}");
  REQUIRE(again);
  CHECK(again.value().changed.empty());
  CHECK(again.value().hash == base());
  CHECK(applied.size() == 1);

  const auto whole = write(config::edit::kind::replace,
                           "{gateway: {auth: {token: '__OPENCLAW_REDACTED__'}}}", base());
  REQUIRE(whole);
  CHECK(text().find("hush") != std::string::npos);
  CHECK(last().queue.cap == 20);
}

TEST_CASE_METHOD(reload_world, "reloader: the first file needs no base", "[reload]") {
  start("{}");
  std::filesystem::remove(file());
  const auto outcome = config::load(options);
  reloader = std::make_shared<config_reloader>(
      config_reloader::surroundings{
          options,
          {},
          [](config::loaded&) -> result<void> { return boost::outcome_v2::success(); },
          [this] { return time.now_wall_ms(); }},
      outcome, *outcome.config);
  REQUIRE(write(config::edit::kind::merge, "{gateway: {port: 7}}"));
  CHECK(config::load(options).config->values.gateway.port == 7);
}

TEST_CASE_METHOD(reload_world, "reloader: writes are bounded in a minute", "[reload]") {
  start("{}");
  for (std::size_t i = 0; i < config_reloader::writes_max; ++i)
    REQUIRE(patch("{}"));
  const auto late = patch("{}");
  REQUIRE_FALSE(late);
  CHECK(late.error().code == errc::overloaded);
  time.advance(config_reloader::writes_period);
  CHECK(patch("{}"));
}

TEST_CASE_METHOD(reload_world, "reloader: a detached node is left alone", "[reload]") {
  start("{messages: {queue: {cap: 5}}}");
  reloader->detach();
  edit("{messages: {queue: {cap: 6}}}");
  CHECK(applied.empty());
}

} // namespace
} // namespace troupe::test
