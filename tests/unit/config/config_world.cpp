#include "tests/unit/config/config_world.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

namespace troupe::test {

config_world::config_world() {
  environment["HOME"] = home();
  options.working_dir = home() + "/work";
  options.environment = [this](const std::string& name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  };
  std::filesystem::create_directories(options.working_dir);
}

void config_world::write(const std::string& relative_path, std::string_view text) {
  const auto path = std::filesystem::path(home()) / relative_path;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

config::load_outcome config_world::load(std::string_view text) {
  write(".troupe/troupe.json", text);
  return load();
}

config::load_outcome config_world::load() {
  return config::load(options);
}

config::loaded config_world::accept(std::string_view text) {
  auto outcome = load(text);
  for (const auto& wrong : outcome.errors)
    UNSCOPED_INFO(wrong.text());
  REQUIRE(outcome.config);
  return std::move(*outcome.config);
}

std::string config_world::refusal(std::string_view text) {
  const auto outcome = load(text);
  CHECK_FALSE(outcome.config);
  for (const auto& wrong : outcome.errors)
    UNSCOPED_INFO(wrong.text());
  CHECK(outcome.errors.size() == 1);
  return outcome.errors.empty() ? std::string() : outcome.errors.front().text();
}

} // namespace troupe::test
