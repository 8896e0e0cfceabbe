#include "actors/gateway/audience_index.hpp"

#include <catch2/catch.hpp>

#include <map>

namespace troupe::gateway {
namespace {

constexpr viewer reader{.reads = true};
constexpr viewer scoped{.reads = true, .session_scoped = true};

std::map<std::uint64_t, int> receivers(audience_index& index, const std::string& key) {
  std::map<std::uint64_t, int> found;
  for (const auto& [id, sees] : index.of_session(key))
    CHECK(found.emplace(id, sees).second); // Each client once.
  return found;
}

using found = std::map<std::uint64_t, int>;

} // namespace

TEST_CASE("audience: readers get every run, others none", "[gateway]") {
  audience_index index;
  index.add(1, reader);
  index.add(2, {});
  index.add(3, {.reads = true, .tool_events = true});
  CHECK(receivers(index, "s") == found{{1, for_run}, {3, for_run | for_tools}});
}

TEST_CASE("audience: session-scoped clients get what they watch", "[gateway]") {
  audience_index index;
  index.add(1, scoped);
  index.add(2, {.reads = true, .session_scoped = true, .tool_events = true});
  CHECK(receivers(index, "s").empty());
  CHECK(index.watch_messages(1, "s", 10));
  CHECK(index.watch_messages(2, "t", 10));
  CHECK(receivers(index, "s") == found{{1, for_run | for_messages}});
  CHECK(receivers(index, "t") == found{{2, for_run | for_tools | for_messages}});
}

TEST_CASE("audience: subscriptions add messages and session changes, once per client",
          "[gateway]") {
  audience_index index;
  index.add(1, reader);
  index.add(2, scoped);
  index.watch_sessions(1);
  index.watch_sessions(2);
  index.watch_messages(1, "s", 10);
  CHECK(receivers(index, "s") ==
        found{{1, for_run | for_sessions | for_messages}, {2, for_sessions | for_messages}});
  index.watch_messages(2, "s", 10);
  CHECK(receivers(index, "s") == found{{1, for_run | for_sessions | for_messages},
                                       {2, for_run | for_sessions | for_messages}});
}

TEST_CASE("audience: watching is idempotent, bounded, and ends", "[gateway]") {
  audience_index index;
  index.add(1, scoped);
  CHECK(index.watch_messages(1, "a", 2));
  CHECK(index.watch_messages(1, "a", 2));
  CHECK(index.watch_messages(1, "b", 2));
  CHECK_FALSE(index.watch_messages(1, "c", 2));
  index.unwatch_messages(1, "a");
  index.unwatch_messages(1, "a");
  CHECK(receivers(index, "a").empty());
  CHECK(index.watch_messages(1, "c", 2));
}

TEST_CASE("audience: a client that left is forgotten everywhere", "[gateway]") {
  audience_index index;
  index.add(1, reader);
  index.watch_sessions(1);
  index.watch_messages(1, "a", 2);
  index.remove(1);
  index.remove(1);
  CHECK(receivers(index, "a").empty());
  CHECK(index.size() == 0);
  CHECK_FALSE(index.watch_messages(1, "a", 2));
  index.watch_sessions(1);
  CHECK(receivers(index, "a").empty());
}

} // namespace troupe::gateway
