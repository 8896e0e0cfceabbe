#pragma once

#include "actors/support/observed.hpp"

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace troupe {

/// One beat: look at what you watch.
struct pulse_beat {};

inline constexpr std::chrono::seconds pulse_period{1};

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::pulse_beat)

namespace troupe {

/// Sends a `pulse_beat` every `pulse_period` to all that have joined. For short-lived actors with a
/// limit of seconds: a timer of their own would wake CAF's clock thread twice and hold their memory
/// until it fires. Thread: any.
class pulse : public std::enable_shared_from_this<pulse> {
public:
  static std::shared_ptr<pulse> create() { return std::shared_ptr<pulse>{new pulse}; }

  /// A membership: ends with its last copy. Held weakly otherwise.
  using membership = std::shared_ptr<void>;
  membership join(caf::actor_addr member);

  void beat();

private:
  pulse() = default;
  std::mutex mutex_;
  std::uint64_t next_ = 0;
  std::unordered_map<std::uint64_t, caf::actor_addr> members_;
};

struct pulse_state {
  static constexpr const char* name = "pulse";
  registration place;
};

/// Keeps `beating` beating; one a node.
caf::behavior pulse_actor(plain_self<pulse_state> self,
                          const std::shared_ptr<actor_registry>& registry, std::string path,
                          const std::shared_ptr<pulse>& beating);

} // namespace troupe
