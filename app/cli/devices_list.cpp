#include "app/cli/device_access.hpp"
#include "app/cli/json_view.hpp"

namespace troupe::cli {

namespace json = boost::json;

namespace {

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& text : texts)
    out += (out.empty() ? "" : ", ") + printable(text);
  return out.empty() ? "none" : out;
}

std::string name_of(const json::value& entry) {
  const auto shown = text_at(entry, "displayName");
  return printable(shown.empty() ? text_at(entry, "clientId") : shown);
}

std::string described(const json::value& entry) {
  return name_of(entry) + " on " + printable(text_at(entry, "platform")) + ", " +
         printable(text_at(entry, "role")) + ", scopes: " + joined(texts_at(entry, "scopes"));
}

std::string waiting_text(const json::value& entry) {
  std::string out = "  " + short_id(text_at(entry, "requestId")) + "  " + described(entry);
  if (const auto ip = text_at(entry, "remoteIp"); !ip.empty())
    out += ", from " + printable(ip);
  return out;
}

std::string token_text(const json::value& entry) {
  std::string revoked;
  if (const auto* tokens = find(entry, "tokens"); tokens && tokens->is_array())
    for (const auto& token : tokens->get_array())
      if (number_at(token, "revokedAtMs") != 0)
        revoked += (revoked.empty() ? "" : ", ") + printable(text_at(token, "role"));
  return revoked.empty() ? "" : ", revoked: " + revoked;
}

std::string paired_text(const json::value& entry) {
  return "  " + short_id(text_at(entry, "deviceId")) + "  " + described(entry) + token_text(entry) +
         (flag_at(entry, "connected") ? ", connected" : "");
}

json::array entries_of(const json::value& list, std::string_view part) {
  const auto* entries = find(list, part);
  return entries && entries->is_array() ? entries->get_array() : json::array();
}

std::string part_text(const json::value& list, std::string_view part, const std::string& title,
                      std::string (*line)(const json::value&)) {
  const auto entries = entries_of(list, part);
  if (entries.empty())
    return title + "\n  none";
  std::string out = title;
  for (const auto& entry : entries)
    out += "\n" + line(entry);
  return out;
}

} // namespace

outcome<exit_status> run(const devices_list_verb&, const verb_context& with) {
  const auto deadline = deadline_of(with.global, asking_default);
  TR_TRY(const auto list, list_devices(with, deadline));
  json::object told;
  told["pending"] = entries_of(list, "pending");
  told["paired"] = entries_of(list, "paired");
  with.to.result(std::move(told),
                 part_text(list, "pending", "waiting for approval (troupe devices approve <id>)",
                           waiting_text) +
                     "\n" + part_text(list, "paired", "paired", paired_text));
  return exit_status::ok;
}

} // namespace troupe::cli
