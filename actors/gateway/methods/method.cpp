#include "actors/gateway/methods/method.hpp"

#include <algorithm>
#include <unordered_map>
#include <vector>

namespace troupe::gateway {
namespace {

std::unordered_map<std::string_view, const method*> make_table() {
  std::unordered_map<std::string_view, const method*> table;
  for (const auto family :
       {system_methods(), chat_methods(), agent_methods(), session_methods(), catalog_methods(),
        presence_methods(), automation_methods(), operation_methods(), session_change_methods(),
        config_methods(), device_methods()})
    for (const auto& known : family)
      table.emplace(known.name, &known);
  return table;
}

const std::unordered_map<std::string_view, const method*>& table() {
  static const auto made = make_table();
  return made;
}

} // namespace

const method* find_method(std::string_view name) {
  const auto found = table().find(name);
  return found == table().end() ? nullptr : found->second;
}

std::span<const std::string_view> method_names() {
  static const auto names = [] {
    std::vector<std::string_view> list;
    for (const auto& [name, known] : table())
      list.push_back(name);
    std::ranges::sort(list);
    return list;
  }();
  return names;
}

std::optional<session_key> key_of(const call& request, std::string_view name) {
  auto key = canonical_session_key(text_of(request.params, name),
                                   text_of(request.params, "agentId"), request.settings().agents);
  if (const auto* wrong = std::get_if<protocol_error>(&key)) {
    fail(request.self, request.id, *wrong);
    return std::nullopt;
  }
  return std::move(std::get<session_key>(key));
}

} // namespace troupe::gateway
