#include "actors/gateway/scopes.hpp"

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

} // namespace troupe::gateway
