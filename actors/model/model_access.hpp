#pragma once

#include "actors/support/slot_gate.hpp"
#include "base/clock.hpp"
#include "config/load.hpp"
#include "net/client/outbound.hpp"

#include <map>
#include <memory>
#include <string>

namespace troupe {

/// What model calls need of their node. Built at start and by each reload, then read only.
struct model_access {
  net::outbound_client* client = nullptr;
  const clock* time = nullptr;
  std::shared_ptr<const config::loaded> config; ///< What it was built from.
  struct provider {
    config::provider_settings settings;
    slot_gate_actor gate; ///< Calls in flight to this provider.
  };
  std::map<std::string, provider> providers;
};
using model_access_ptr = std::shared_ptr<const model_access>;

} // namespace troupe
