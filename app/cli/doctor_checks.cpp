#include "app/cli/doctor_checks.hpp"

#include "base/file_handle.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace troupe::cli {
namespace {

namespace fs = std::filesystem;
using enum diagnosis::grade;

/// Less free room than this is worth a warning; a store that is full refuses input.
constexpr std::uint64_t free_bytes_wanted = 512u << 20;
constexpr mode_t others_may = 077;

/// The first folder on the way up that exists.
fs::path existing_part(fs::path path) {
  std::error_code failed;
  while (!path.empty() && !fs::exists(path, failed) && path != path.parent_path())
    path = path.parent_path();
  return path;
}

/// Empty: the folder is there and can be used, or can be made.
std::string folder_objection(const std::string& path) {
  const auto there = existing_part(path);
  std::error_code failed;
  if (!fs::is_directory(there, failed))
    return there.string() + " is not a folder";
  if (::access(there.c_str(), W_OK | X_OK) != 0)
    return "this user may not write in " + there.string();
  return {};
}

/// The mode of a file that others have access to; 0: they do not, or there is none.
mode_t open_to_others(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0)
    return 0;
  return about.st_mode & others_may;
}

bool holds_secret(const config::load_outcome& loaded) {
  return loaded.source && config::redacted(*loaded.source) != *loaded.source;
}

/// Whether this process could listen there now.
int try_port(std::uint16_t port) {
  const file_handle probe{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!probe.valid())
    return errno;
  const int yes = 1;
  ::setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool bound =
      ::bind(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  return bound ? 0 : errno;
}

} // namespace

std::string_view to_string(diagnosis::grade grade) {
  switch (grade) {
  case fine:
    return "ok";
  case warning:
    return "warning";
  case broken:
    break;
  }
  return "broken";
}

void check_config(const config::load_outcome& loaded, diagnoses& out) {
  for (const auto& wrong : loaded.errors)
    out.push_back({"config", broken, wrong.text(),
                   "mend it; `troupe config validate` checks, `troupe config schema` describes"});
  if (!loaded.config)
    return;
  const auto& config = *loaded.config;
  for (const auto& each : config.warnings)
    out.push_back({"config", warning, each.text(), "mend what it names, or leave it"});
  if (!config.unenforced.empty())
    out.push_back({"config", warning,
                   fmt::format("not enforced: {}", fmt::join(config.unenforced, ", ")),
                   "remove these keys: they promise a limit that does not hold"});
  if (!config.no_effect.empty())
    out.push_back({"config", fine,
                   fmt::format("without effect yet: {}", fmt::join(config.no_effect, ", ")), ""});
  out.push_back({"config", fine,
                 config.where.config_exists
                     ? config.where.config_path + " is accepted"
                     : config.where.config_path + " does not exist: the defaults count",
                 ""});
}

void check_permissions(const config::load_outcome& loaded, diagnoses& out) {
  const auto& where = loaded.where;
  const auto token = where.state_dir + "/gateway-token";
  bool good = true;
  const auto closed = [&](const std::string& path, std::string_view what, diagnosis::grade how) {
    if (open_to_others(path) == 0)
      return;
    good = false;
    out.push_back({"permissions", how, fmt::format("others can use {}, which {}", path, what),
                   "chmod go= " + path});
  };
  if (holds_secret(loaded))
    closed(where.config_path, "holds a secret", warning);
  closed(token, "holds the gateway's token; the gateway refuses to start with it", broken);
  closed(where.state_dir, "holds the conversations", warning);
  if (good)
    out.push_back({"permissions", fine, "files with secrets are closed to others", ""});
}

void check_store(const config::locations& where, diagnoses& out) {
  if (auto why = folder_objection(where.state_dir); !why.empty()) {
    out.push_back({"store", broken, "the state directory cannot be used: " + why,
                   "give it to this user, or choose another with --state-dir"});
    return;
  }
  struct statvfs room {};
  const auto there = existing_part(where.state_dir).string();
  const auto free = ::statvfs(there.c_str(), &room) == 0
                        ? std::uint64_t{room.f_bavail} * room.f_frsize
                        : free_bytes_wanted;
  if (free < free_bytes_wanted)
    out.push_back({"store", warning,
                   fmt::format("only {} MiB are free for {}", free >> 20u, where.state_dir),
                   "make room: a full disk makes the gateway refuse input"});
  else
    out.push_back({"store", fine, where.state_dir + " can be used", ""});
}

void check_providers(const config::loaded& config, diagnoses& out) {
  bool usable = false;
  for (const auto& [id, provider] : config.values.providers) {
    if (!provider.unavailable.empty())
      out.push_back({"providers", warning, id + " cannot be used: " + provider.unavailable,
                     "set the variable or the file that it names, then reload"});
    usable = usable || (provider.unavailable.empty() && provider.api != config::provider_api::demo);
  }
  if (usable)
    out.push_back({"providers", fine, "a model can be asked (its key was not tried)", ""});
  else
    out.push_back({"providers", warning, "only the built-in demo model can answer",
                   "set OPENAI_API_KEY or ANTHROPIC_API_KEY, or configure models.providers"});
}

void check_workspaces(const config::loaded& config, diagnoses& out) {
  bool good = true;
  for (const auto& agent : config.values.agents.entries)
    if (auto why = folder_objection(agent.workspace); !why.empty()) {
      good = false;
      out.push_back({"workspaces", broken,
                     fmt::format("the folder of {} cannot be used: {}", agent.id, why),
                     "choose another: agents.entries." + agent.id + ".workspace"});
    }
  if (good)
    out.push_back({"workspaces", fine, "the agents' folders can be used", ""});
}

void check_page(const config::loaded& config, diagnoses& out) {
  const auto& ui = config.values.gateway.control_ui;
  if (!ui.enabled || ui.root.empty())
    return;
  const auto page = ui.root + "/index.html";
  if (access(page.c_str(), R_OK) == 0)
    out.push_back({"page", fine, fmt::format("{} can be read", page), ""});
  else
    out.push_back(
        {"page", broken,
         fmt::format("{} cannot be read: {}", page, std::generic_category().message(errno)),
         "set gateway.controlUi.root to the folder of an installed Control UI "
         "(node_modules/openclaw/dist/control-ui), or remove it for the built-in page"});
}

void check_port(const config::loaded& config, bool gateway_answers, diagnoses& out) {
  const auto port = config.values.gateway.port;
  if (gateway_answers) {
    out.push_back({"port", fine, fmt::format("a gateway answers at {}", port), ""});
    return;
  }
  switch (const int code = try_port(port)) {
  case 0:
    out.push_back({"port", fine, fmt::format("{} is free; no gateway runs", port), ""});
    return;
  case EADDRINUSE:
    out.push_back({"port", broken, fmt::format("something else listens at {}", port),
                   fmt::format("find it with `ss -ltnp sport = :{}`, or set gateway.port", port)});
    return;
  default:
    out.push_back(
        {"port", broken,
         fmt::format("{} cannot be used: {}", port, std::generic_category().message(code)),
         "choose a port above 1023 with gateway.port"});
  }
}

} // namespace troupe::cli
