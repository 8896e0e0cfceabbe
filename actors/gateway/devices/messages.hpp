#pragma once

#include "actors/gateway/devices/device_ledger.hpp"
#include "actors/messages.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <optional>
#include <string>
#include <variant>
#include <vector>

/// Messages to the writer of devices.
namespace troupe::gateway {

/// Asks to let a device in; answered after the commit, if there is one. Errors: `overloaded`,
/// `unavailable` (meta is not led here, or the outcome is not known: ask again).
struct admit_device {
  device_ask ask;
};
struct device_decision {
  device_admission outcome;
};

/// What an operator does. Errors: as `admit_device`.
struct device_order {
  enum class what { approve, reject, remove, rotate, revoke };
  what wanted = what::approve;
  std::string request_id{};                         ///< approve, reject
  std::string device_id{};                          ///< the others
  std::string role{};                               ///< rotate, revoke
  std::optional<std::vector<std::string>> scopes{}; ///< rotate
  device_caller by{};
};
struct device_receipt {
  std::variant<std::string, protocol_error> outcome; ///< The payload, or why not.
};

/// A device connected. Nobody waits for it; it may be lost.
struct device_seen {
  std::string device_id;
  std::string role;
  std::string reason; ///< "connect", "device-token-auth"
};
/// To itself.
struct device_upkeep {};

using devices_actor = caf::typed_actor<caf::replies_to<admit_device>::with<device_decision>,
                                       caf::replies_to<device_order>::with<device_receipt>,
                                       caf::reacts_to<device_seen>, caf::reacts_to<device_upkeep>,
                                       caf::reacts_to<proposal_settled>>;

} // namespace troupe::gateway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::admit_device)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::device_decision)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::device_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::device_receipt)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::device_seen)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::device_upkeep)
