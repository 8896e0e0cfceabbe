#include "config/sections/sections.hpp"

namespace troupe::config {

kind<queue_settings> queue_section() {
  // A conversation's bound: OpenClaw has none, a queue without one is no queue.
  constexpr std::int64_t cap_max = 10'000;
  return object<queue_settings>({
      key<queue_settings>("mode", TR_MEMBER(mode),
                          word({"followup", "collect", "steer", "interrupt"}),
                          "What happens to input that arrives while a run is active."),
      key<queue_settings>("cap", TR_MEMBER(cap), whole<unsigned>(1, cap_max),
                          "Inputs that may wait in one conversation."),
      key<queue_settings>("drop", TR_MEMBER(drop), word({"new", "old", "summarize"}),
                          "What gives way when the queue is full."),
  });
}

} // namespace troupe::config
