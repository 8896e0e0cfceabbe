#include "tests/bench/world.hpp"

#include <fmt/format.h>

#include <charconv>
#include <fstream>

namespace troupe::bench {
namespace {

std::uint16_t port_of(const std::string& line) {
  const auto digits = line.find_last_not_of("0123456789") + 1;
  std::uint16_t port = 0;
  std::from_chars(line.data() + digits, line.data() + line.size(), port);
  return port;
}

} // namespace

world::world(std::string troupe, const std::string& provider_fake, std::filesystem::path directory)
    : troupe_(std::move(troupe)), directory_(std::move(directory)), provider_({provider_fake}) {
  std::ofstream file{directory_ / "troupe.json"};
  file << fmt::format(
      R"({{models: {{providers: {{fake: {{baseUrl: "http://127.0.0.1:{}/v1", apiKey: "k",)"
      R"( api: "openai-completions", models: [{{id: "fake-zero", name: "fake"}}]}}}}}},)"
      R"( agents: {{defaults: {{model: "fake/fake-zero"}}}}, logging: {{consoleLevel: "error"}},)"
      R"( gateway: {{http: {{endpoints: {{chatCompletions: {{enabled: true}}}}}}}}}})",
      port_of(provider_.line_with("port")));
}

void world::start() {
  gateway_ = std::make_unique<process>(
      std::vector<std::string>{troupe_, "--state-dir", (directory_ / "state").string(), "--config",
                               (directory_ / "troupe.json").string(), "gateway", "run", "--port",
                               "0"},
      std::map<std::string, std::string>{{"TROUPE_GATEWAY_TOKEN", token}});
  port_ = port_of(gateway_->line_with("listening on"));
}

double percentile(const std::vector<double>& sorted, std::size_t percent) {
  return sorted.at(sorted.size() * percent / 100);
}

} // namespace troupe::bench
