#include "config/locations.hpp"

#include "config/source/paths.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace troupe::config {
namespace {

namespace fs = std::filesystem;

bool exists(const std::string& path) {
  std::error_code failed;
  return fs::exists(path, failed);
}

/// A word of a shell command line.
std::string quoted(const std::string& word) {
  const bool plain = std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/._-+=:,@").find(c) != std::string_view::npos;
  });
  if (plain && !word.empty())
    return word;
  std::string out = "'";
  for (const char c : word)
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

} // namespace

std::string home_directory(const environment& process) {
  if (auto home = process.find("HOME"))
    return *home;
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  if (::getpwuid_r(::getuid(), &entry, buffer, sizeof buffer, &found) != 0 || !found)
    return {};
  return found->pw_dir ? found->pw_dir : "";
}

result<locations> locate(const load_options& options, const environment& process) {
  const auto home = home_directory(process);
  const auto base = absolute_folder(options.working_dir);
  const auto chosen = [&](const std::string& flag, std::string_view suffix) -> std::string {
    if (!flag.empty())
      return flag;
    const auto variable = process.ours(suffix);
    return variable ? variable->value : std::string();
  };
  locations out;
  auto state = chosen(options.state_dir, "STATE_DIR");
  if (state.empty() && home.empty())
    return error{errc::not_found, "there is no home directory; say where the state goes with "
                                  "--state-dir or TROUPE_STATE_DIR"};
  out.state_dir = absolute_path(state.empty() ? "~/.troupe" : state, home, base);
  const auto config = chosen(options.config_path, "CONFIG_PATH");
  out.config_path =
      config.empty() ? out.state_dir + "/troupe.json" : absolute_path(config, home, base);
  out.config_exists = exists(out.config_path);
  const auto foreign = home + "/.openclaw/openclaw.json";
  if (config.empty() && !out.config_exists && !home.empty() && exists(foreign))
    out.openclaw_hint = "troupe gateway run --config " + quoted(foreign);
  return out;
}

} // namespace troupe::config
