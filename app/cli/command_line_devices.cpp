#include "app/cli/command_words.hpp"

#include <memory>

namespace troupe::cli {
namespace {

constexpr const char* request_help = "The request's id, or its beginning";
constexpr const char* device_help = "The device's id, or its beginning";

void add_pairing(CLI::App& devices, raw_options& raw) {
  add_verb(devices, "list", "Devices that are paired, and those that wait for approval",
           "  troupe devices list\n  troupe devices list --json\n")
      ->callback([&raw] { raw.parsed.what = devices_list_verb{}; });
  const auto approve = std::make_shared<devices_approve_verb>();
  auto* approving = add_verb(devices, "approve", "Let a device in that waits for approval",
                             "  troupe devices approve 3f2a\n");
  approving->add_option("request", approve->request_id, request_help)->required();
  approving->callback([&raw, approve] { raw.parsed.what = *approve; });
  const auto reject = std::make_shared<devices_reject_verb>();
  auto* rejecting = add_verb(devices, "reject", "Turn a device away that waits for approval",
                             "  troupe devices reject 3f2a\n");
  rejecting->add_option("request", reject->request_id, request_help)->required();
  rejecting->callback([&raw, reject] { raw.parsed.what = *reject; });
  const auto remove = std::make_shared<devices_remove_verb>();
  auto* removing = add_verb(devices, "remove", "Forget a device and close its connections",
                            "  troupe devices remove 0b12\n");
  removing->add_option("device", remove->device_id, device_help)->required();
  removing->callback([&raw, remove] { raw.parsed.what = *remove; });
}

void add_tokens(CLI::App& devices, raw_options& raw) {
  const auto rotate = std::make_shared<devices_rotate_verb>();
  auto* rotating = add_verb(devices, "rotate", "Give a device a new token; the old one ends",
                            "  troupe devices rotate 0b12\n"
                            "  troupe devices rotate 0b12 --scope operator.read\n");
  rotating->add_option("device", rotate->device_id, device_help)->required();
  rotating->add_option("--role", rotate->role, "Which of its tokens [operator]");
  rotating
      ->add_option("--scope", rotate->scopes,
                   "What the new token may do, at most what the device may; repeat for more")
      ->allow_extra_args(false);
  rotating->callback([&raw, rotate] { raw.parsed.what = *rotate; });
  const auto revoke = std::make_shared<devices_revoke_verb>();
  auto* revoking = add_verb(devices, "revoke", "End a device's token and its connections",
                            "  troupe devices revoke 0b12\n");
  revoking->add_option("device", revoke->device_id, device_help)->required();
  revoking->add_option("--role", revoke->role, "Which of its tokens [operator]");
  revoking->callback([&raw, revoke] { raw.parsed.what = *revoke; });
}

} // namespace

void add_devices(CLI::App& app, raw_options& raw) {
  auto* devices = add_verb(app, "devices", "Say who may connect", "");
  devices->require_subcommand(1);
  add_pairing(*devices, raw);
  add_tokens(*devices, raw);
}

} // namespace troupe::cli
