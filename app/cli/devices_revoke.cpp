#include "app/cli/device_access.hpp"
#include "app/cli/json_view.hpp"

namespace troupe::cli {

namespace json = boost::json;

outcome<exit_status> run(const devices_revoke_verb& verb, const verb_context& with) {
  const auto deadline = deadline_of(with.global, asking_default);
  TR_TRY(const auto list, list_devices(with, deadline));
  TR_TRY(const auto entry, find_entry(list, "paired", "deviceId", verb.device_id));
  const std::string id{text_at(entry, "deviceId")};
  TR_TRY(const auto done, order_devices(with, "device.token.revoke",
                                        {{"deviceId", id}, {"role", verb.role}}, {}, deadline));
  with.to.result({{"payload", done}},
                 "revoked: " + short_id(id) + ", role " + printable(verb.role));
  return exit_status::ok;
}

} // namespace troupe::cli
