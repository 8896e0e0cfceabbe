#include "config/sections/sections.hpp"

#include <fmt/format.h>

namespace troupe::config {
namespace {

/// A word that is taken from OpenClaw's configs, although only `built` has an effect so far.
kind<std::string> mostly_unbuilt_word(std::vector<std::string> names, std::string built) {
  auto out = word(std::move(names));
  out.read = [read = std::move(out.read), built](reading& r, const cursor& at, std::string& value) {
    read(r, at, value);
    if (value != built)
      r.warn(at,
             fmt::format("\"{}\" is not built yet; the queue works as with \"{}\"", value, built));
  };
  return out;
}

} // namespace

kind<queue_settings> queue_section() {
  // A conversation's bound: OpenClaw has none, a queue without one is no queue.
  constexpr std::int64_t cap_max = 10'000;
  return object<queue_settings>({
      key<queue_settings>(
          "mode", TR_MEMBER(mode),
          mostly_unbuilt_word({"followup", "collect", "steer", "interrupt"}, "followup"),
          "What happens to input that arrives while a run is active."),
      key<queue_settings>("cap", TR_MEMBER(cap), whole<unsigned>(1, cap_max),
                          "Inputs that may wait in one conversation."),
      key<queue_settings>("drop", TR_MEMBER(drop),
                          mostly_unbuilt_word({"new", "old", "summarize"}, "new"),
                          "What gives way when the queue is full."),
  });
}

} // namespace troupe::config
