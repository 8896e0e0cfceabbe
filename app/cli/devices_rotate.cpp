#include "app/cli/device_access.hpp"
#include "app/cli/json_view.hpp"

namespace troupe::cli {

namespace json = boost::json;

outcome<exit_status> run(const devices_rotate_verb& verb, const verb_context& with) {
  const auto deadline = deadline_of(with.global, asking_default);
  TR_TRY(const auto list, list_devices(with, deadline));
  TR_TRY(const auto entry, find_entry(list, "paired", "deviceId", verb.device_id));
  const std::string id{text_at(entry, "deviceId")};
  json::object params{{"deviceId", id}, {"role", verb.role}};
  if (!verb.scopes.empty())
    params["scopes"] = json::array(verb.scopes.begin(), verb.scopes.end());
  TR_TRY(const auto done, order_devices(with, "device.token.rotate", std::move(params),
                                        texts_at(entry, "scopes"), deadline));
  with.to.result({{"payload", done}}, "rotated: " + short_id(id) +
                                          "; the device gets its new token when it connects next");
  return exit_status::ok;
}

} // namespace troupe::cli
