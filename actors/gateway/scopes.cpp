#include "actors/gateway/scopes.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::gateway {
namespace {

constexpr std::array<std::pair<scope, std::string_view>, 8> names{{
    {scope::read, "operator.read"},
    {scope::write, "operator.write"},
    {scope::admin, "operator.admin"},
    {scope::approvals, "operator.approvals"},
    {scope::questions, "operator.questions"},
    {scope::pairing, "operator.pairing"},
    {scope::talk, "operator.talk"},
    {scope::talk_secrets, "operator.talk.secrets"},
}};

} // namespace

std::string_view to_string(scope named) {
  for (const auto& [known, name] : names)
    if (known == named)
      return name;
  return {};
}

std::optional<scope> scope_from_name(std::string_view name) {
  for (const auto& [known, text] : names)
    if (text == name)
      return known;
  return std::nullopt;
}

void scope_set::grant(scope named) {
  if (named == scope::none || has(named))
    return;
  bits_ |= bit(named);
  granted_.push_back(named);
}

bool scope_set::allows(scope needed) const {
  if (needed == scope::none || has(needed) || has(scope::admin))
    return true;
  return has(scope::write) && (needed == scope::read || needed == scope::talk);
}

bool scope_set::covers(const scope_set& other) const {
  return std::ranges::all_of(other.granted_, [this](scope wanted) { return allows(wanted); });
}

std::vector<std::string> scope_set::names() const {
  std::vector<std::string> out;
  for (const auto held : granted_)
    out.emplace_back(to_string(held));
  return out;
}

scope_set scope_set::of(std::span<const std::string> names) {
  scope_set out;
  for (const auto& name : names)
    if (const auto known = scope_from_name(name))
      out.grant(*known);
  return out;
}

} // namespace troupe::gateway
