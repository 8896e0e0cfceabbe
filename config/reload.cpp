#include "config/reload.hpp"

#include "config/path.hpp"
#include "config/schema/cursor.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace troupe::config {
namespace {

namespace json = boost::json;
using enum reload_kind;

constexpr std::array rules{
    reload_rule{"$schema", none},
    reload_rule{"env", hot},
    reload_rule{"secrets", hot},
    reload_rule{"gateway", restart},
    reload_rule{"gateway.auth.token", hot},
    reload_rule{"gateway.auth.password", hot},
    reload_rule{"gateway.controlUi", hot},
    reload_rule{"gateway.http.endpoints", hot},
    reload_rule{"gateway.trustedProxies", hot},
    reload_rule{"gateway.nodes.pairing.autoApproveLocal", hot},
    reload_rule{"gateway.reload", hot},
    reload_rule{"models", hot},
    reload_rule{"agents", hot},
    reload_rule{"agents.defaults.maxConcurrent", restart},
    reload_rule{"session", hot},
    reload_rule{"messages", hot},
    reload_rule{"logging", hot},
    reload_rule{"logging.file", restart},
};

void add(std::vector<std::string>& list, const std::string& path) {
  if (std::ranges::find(list, path) == list.end())
    list.push_back(path);
}

void compare(const json::value* before, const json::value* after, const std::string& path,
             std::vector<std::string>& out);

/// Every member of `whole` against the one of the same name in `other`, which may be null; with
/// `only_new`, those that `other` lacks.
void compare_members(const json::object& whole, const json::object* other, const std::string& path,
                     bool only_new, std::vector<std::string>& out) {
  for (const auto& [key, value] : whole) {
    const auto* twin = other ? other->if_contains(key) : nullptr;
    if (!only_new)
      compare(&value, twin, member_path(path, key), out);
    else if (!twin)
      compare(nullptr, &value, member_path(path, key), out);
  }
}

void compare(const json::value* before, const json::value* after, const std::string& path,
             std::vector<std::string>& out) {
  if (before && after && *before == *after)
    return;
  const auto* left = before ? before->if_object() : nullptr;
  const auto* right = after ? after->if_object() : nullptr;
  const bool one_side_only = (left && !after) || (right && !before);
  const bool holds_something = (left && !left->empty()) || (right && !right->empty());
  if ((left && right) || (one_side_only && holds_something)) {
    if (left)
      compare_members(*left, right, path, false, out);
    if (right)
      compare_members(*right, left, path, true, out);
    return;
  }
  out.push_back(path);
}

bool same(const secret& a, const secret& b) {
  return a.equals(b.reveal());
}

void compare_provider(const provider_settings& before, const provider_settings& after,
                      std::vector<std::string>& out) {
  const auto path = member_path("models.providers", before.id);
  if (!same(before.api_key, after.api_key) || before.unavailable != after.unavailable)
    add(out, path + ".apiKey");
  if (before.base_url != after.base_url)
    add(out, path + ".baseUrl");
  for (const auto& [name, value] : before.headers)
    if (const auto twin = after.headers.find(name);
        twin != after.headers.end() && !same(value, twin->second))
      add(out, member_path(path + ".headers", name));
}

void compare_secrets(const settings& before, const settings& after, std::vector<std::string>& out) {
  if (!same(before.gateway.auth.token, after.gateway.auth.token))
    add(out, "gateway.auth.token");
  if (!same(before.gateway.auth.password, after.gateway.auth.password))
    add(out, "gateway.auth.password");
  for (const auto& [id, provider] : before.providers)
    if (const auto twin = after.providers.find(id); twin != after.providers.end())
      compare_provider(provider, twin->second, out);
}

bool lies_in_any(const std::string& path, const std::vector<std::string>& roots) {
  return std::ranges::any_of(roots, [&](const auto& root) { return lies_within(path, root); });
}

bool is_built(const std::string& path, const loaded& config) {
  return !lies_in_any(path, config.no_effect) && !lies_in_any(path, config.unenforced);
}

} // namespace

std::string_view to_string(reload_kind kind) {
  switch (kind) {
  case none:
    return "none";
  case hot:
    return "hot";
  case restart:
    break;
  }
  return "restart";
}

std::span<const reload_rule> reload_rules() {
  return rules;
}

reload_kind reload_kind_of(std::string_view path) {
  const reload_rule* best = nullptr;
  for (const auto& rule : rules)
    if (lies_within(path, rule.prefix) && (!best || rule.prefix.size() > best->prefix.size()))
      best = &rule;
  return best ? best->kind : restart;
}

std::vector<std::string> changed_paths(const json::value& before, const json::value& after) {
  std::vector<std::string> out;
  compare(&before, &after, "", out);
  return out;
}

std::vector<std::string> changed_paths(const loaded& before, const loaded& after) {
  auto out = changed_paths(before.merged, after.merged);
  for (const auto& path : changed_paths(before.effective, after.effective))
    add(out, path);
  compare_secrets(before.values, after.values, out);
  return out;
}

reload_plan plan_reload(const loaded& before, const loaded& after,
                        const std::vector<std::string>& decided) {
  reload_plan out;
  for (auto& path : changed_paths(before, after)) {
    const bool matters =
        is_built(path, before) && is_built(path, after) && !lies_in_any(path, decided);
    switch (matters ? reload_kind_of(path) : none) {
    case none:
      out.none.push_back(std::move(path));
      break;
    case hot:
      out.hot.push_back(std::move(path));
      break;
    case restart:
      out.restart.push_back(std::move(path));
      break;
    }
  }
  return out;
}

void keep_stale_secrets(const loaded& before, loaded& next) {
  for (auto& [id, provider] : next.values.providers) {
    const auto old = before.values.providers.find(id);
    if (provider.unavailable.empty() || old == before.values.providers.end() ||
        !old->second.unavailable.empty())
      continue;
    const std::vector<std::string> steps{"models", "providers", id};
    const auto* written = find_path(next.merged, steps);
    const auto* was = find_path(before.merged, steps);
    if (!written || !was || *written != *was)
      continue;
    next.warnings.push_back({member_path("models.providers", id),
                             0,
                             0,
                             "keeps the secret it had: " + provider.unavailable,
                             {}});
    provider = old->second;
  }
}

void keep_running(const loaded& running, const std::vector<std::string>& pending, loaded& next) {
  // By what may change, not by what may not: a setting that is added later is kept until its
  // section says that it is hot.
  auto gateway = running.values.gateway;
  const auto& wanted = next.values.gateway;
  gateway.allowed_origins = wanted.allowed_origins;
  gateway.control_ui = wanted.control_ui;
  gateway.http = wanted.http;
  gateway.trusted_proxies = wanted.trusted_proxies;
  gateway.approve_local_devices = wanted.approve_local_devices;
  gateway.reload = wanted.reload;
  if (gateway.auth.mode == wanted.auth.mode) {
    gateway.auth.token = wanted.auth.token;
    gateway.auth.password = wanted.auth.password;
  }
  next.values.gateway = std::move(gateway);
  next.values.agents.max_concurrent = running.values.agents.max_concurrent;
  next.values.logging.file = running.values.logging.file;
  for (const auto& path : pending) {
    const auto steps = path_steps(path);
    const auto* value = steps ? find_path(running.effective, *steps) : nullptr;
    if (value)
      assign_path(next.effective, *steps, *value);
    else if (steps)
      erase_path(next.effective, *steps);
  }
}

} // namespace troupe::config
