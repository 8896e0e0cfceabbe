#include "actors/gateway/devices/pairing_policy.hpp"

#include "actors/gateway/devices/identity.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::gateway {
namespace {

struct wording {
  pairing_reason reason;
  std::string_view name;
  std::string_view message;
};

constexpr std::array<wording, 4> words{{
    {pairing_reason::not_paired, "not-paired", "pairing required: device is not approved yet"},
    {pairing_reason::role_upgrade, "role-upgrade",
     "pairing required: device is asking for a higher role than currently approved"},
    {pairing_reason::scope_upgrade, "scope-upgrade",
     "pairing required: device is asking for more scopes than currently approved"},
    {pairing_reason::metadata_upgrade, "metadata-upgrade",
     "pairing required: device identity changed and must be re-approved"},
}};

const wording& words_of(pairing_reason reason) {
  return *std::ranges::find(words, reason, &wording::reason);
}

/// What was approved stays what it says it is; what it never said is not held against it.
bool differs(std::string_view pinned, std::string_view claimed) {
  return !pinned.empty() && normal_metadata(pinned) != normal_metadata(claimed);
}

bool changed(const tables::device_row& known, const device_ask& ask) {
  return differs(known.what.platform, ask.what.platform) ||
         differs(known.what.device_family, ask.what.device_family);
}

void add_missing(std::vector<std::string>& to, const std::vector<std::string>& from) {
  for (const auto& name : from)
    if (std::ranges::find(to, name) == to.end())
      to.push_back(name);
}

} // namespace

std::string_view to_string(pairing_reason reason) {
  return words_of(reason).name;
}

std::optional<pairing_reason> pairing_reason_from(std::string_view name) {
  const auto found = std::ranges::find(words, name, &wording::name);
  return found == words.end() ? std::nullopt : std::optional{found->reason};
}

std::string_view pairing_message(pairing_reason reason) {
  return words_of(reason).message;
}

std::optional<pairing_reason> beyond_approval(const std::optional<tables::device_row>& known,
                                              const device_ask& ask) {
  if (!known)
    return pairing_reason::not_paired;
  if (std::ranges::find(known->roles, ask.role) == known->roles.end())
    return pairing_reason::role_upgrade;
  if (!scope_set::of(known->scopes).covers(ask.scopes))
    return pairing_reason::scope_upgrade;
  if (changed(*known, ask))
    return pairing_reason::metadata_upgrade;
  return std::nullopt;
}

std::string_view silent_approval(const std::optional<tables::device_row>& known,
                                 const device_ask& ask, pairing_reason reason) {
  // A device that changed what it is was perhaps copied: a person must look at it, also when it
  // asks for something else besides.
  if (known && changed(*known, ask))
    return {};
  if (ask.silent.local && (reason != pairing_reason::scope_upgrade || ask.silent.scope_upgrades))
    return "silent";
  if (ask.silent.by_proxy && ask.role == "operator" && ask.silent.by_proxy->covers(ask.scopes))
    return "trusted-proxy";
  return {};
}

tables::device_row approved(const std::optional<tables::device_row>& known, const device_ask& ask,
                            std::string_view via, wall_ms now) {
  tables::device_row out = known.value_or(tables::device_row{});
  if (!known)
    out.created_at = now;
  auto what = ask.what;
  if (what.display_name.empty())
    what.display_name = out.what.display_name;
  out.what = std::move(what);
  add_missing(out.roles, {ask.role});
  add_missing(out.scopes, ask.scopes.names());
  out.approved_via = via;
  out.approved_at = now;
  return out;
}

} // namespace troupe::gateway
