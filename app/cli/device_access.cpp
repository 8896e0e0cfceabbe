#include "app/cli/device_access.hpp"

#include "app/cli/json_view.hpp"

namespace troupe::cli {

namespace json = boost::json;

namespace {

constexpr std::size_t shown_of_id = 12;

} // namespace

outcome<json::value> list_devices(const verb_context& with, time_point deadline) {
  TR_TRY(const auto link, open_link(with, {{"operator.pairing"}, false}, deadline));
  return link->call("device.pair.list", json::object{}, deadline);
}

outcome<json::value> find_entry(const json::value& list, std::string_view part,
                                std::string_view name, std::string_view wanted) {
  const json::value* found = nullptr;
  if (const auto* entries = find(list, part); entries && entries->is_array())
    for (const auto& entry : entries->get_array()) {
      const auto id = text_at(entry, name);
      if (id == wanted)
        return entry;
      if (wanted.empty() || !id.starts_with(wanted))
        continue;
      if (found != nullptr)
        return failure{exit_status::failed,
                       "ambiguous",
                       "more than one " + std::string{name} + " begins with " + std::string{wanted},
                       "give more of it; see troupe devices list",
                       {}};
      found = &entry;
    }
  if (found == nullptr)
    return failure{exit_status::failed,
                   "not_found",
                   "no " + std::string{name} + " begins with " + std::string{wanted},
                   "see troupe devices list",
                   {}};
  return *found;
}

std::vector<std::string> texts_at(const json::value& from, std::string_view path) {
  std::vector<std::string> out;
  if (const auto* list = find(from, path); list && list->is_array())
    for (const auto& item : list->get_array())
      if (const auto* text = item.if_string())
        out.emplace_back(*text);
  return out;
}

outcome<json::value> order_devices(const verb_context& with, const std::string& method,
                                   json::object params, const std::vector<std::string>& also,
                                   time_point deadline) {
  std::vector<std::string> scopes{"operator.pairing"};
  scopes.insert(scopes.end(), also.begin(), also.end());
  TR_TRY(const auto link, open_link(with, {std::move(scopes), false}, deadline));
  return link->call(method, std::move(params), deadline);
}

std::string short_id(std::string_view id) {
  return printable(id.substr(0, shown_of_id));
}

} // namespace troupe::cli
