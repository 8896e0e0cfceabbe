#include "app/cli/device_access.hpp"
#include "app/cli/json_view.hpp"

namespace troupe::cli {

namespace json = boost::json;

outcome<exit_status> run(const devices_approve_verb& verb, const verb_context& with) {
  const auto deadline = deadline_of(with.global, asking_default);
  TR_TRY(const auto list, list_devices(with, deadline));
  TR_TRY(const auto entry, find_entry(list, "pending", "requestId", verb.request_id));
  const std::string id{text_at(entry, "requestId")};
  // Nobody approves more than they may do: the scopes that were asked for are ours, too.
  TR_TRY(const auto done, order_devices(with, "device.pair.approve", {{"requestId", id}},
                                        texts_at(entry, "scopes"), deadline));
  with.to.result({{"payload", done}}, "approved: " + short_id(text_at(entry, "deviceId")));
  return exit_status::ok;
}

} // namespace troupe::cli
