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

constexpr int watching = for_messages | for_session_tools;

found receivers_of_run(audience_index& index, const std::string& key, const std::string& run_id) {
  found all;
  for (const auto& [id, sees] : index.of_run(key, run_id))
    CHECK(all.emplace(id, sees).second);
  return all;
}

} // namespace

TEST_CASE("audience: readers get every run, others none", "[gateway]") {
  audience_index index;
  index.add(1, reader);
  index.add(2, {});
  index.add(3, {.reads = true, .tool_events = true});
  CHECK(receivers(index, "s") == found{{1, for_run}, {3, for_run}});
}

TEST_CASE("audience: session-scoped clients get what they watch", "[gateway]") {
  audience_index index;
  index.add(1, scoped);
  index.add(2, {.reads = true, .session_scoped = true, .tool_events = true});
  CHECK(receivers(index, "s").empty());
  CHECK(index.watch_messages(1, "s", 10));
  CHECK(index.watch_messages(2, "t", 10));
  CHECK(receivers(index, "s") == found{{1, for_run | watching}});
  CHECK(receivers(index, "t") == found{{2, for_run | watching}});
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
        found{{1, for_run | for_sessions | watching}, {2, for_sessions | watching}});
  index.watch_messages(2, "s", 10);
  CHECK(receivers(index, "s") ==
        found{{1, for_run | for_sessions | watching}, {2, for_run | for_sessions | watching}});
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

TEST_CASE("audience: who started a run gets its tools from the run, who watches from the session",
          "[gateway]") {
  audience_index index;
  index.add(1, {.reads = true, .tool_events = true}); // Starts the run, watches the session.
  index.add(2, {.reads = true, .tool_events = true}); // Watches it only.
  index.add(3, reader);                               // Starts it, without the cap.
  index.add(4, {.reads = true, .session_scoped = true, .tool_events = true}); // Starts it only.
  index.watch_messages(1, "s", 10);
  index.watch_sessions(2);
  for (const auto id : {1u, 3u, 4u})
    index.follow_run(id, "r", 10);
  CHECK(receivers_of_run(index, "s", "r") == found{{1, for_run | for_messages | for_tools},
                                                   {2, for_run | for_sessions | watching},
                                                   {3, for_run},
                                                   {4, for_tools}});
  // Another run of the same session is nobody's own.
  CHECK(receivers_of_run(index, "s", "q") ==
        found{{1, for_run | watching}, {2, for_run | for_sessions | watching}, {3, for_run}});
  index.forget_run("r");
  index.forget_run("r");
  CHECK(receivers_of_run(index, "s", "r") == receivers_of_run(index, "s", "q"));
}

TEST_CASE("audience: of its own runs a client follows the latest, and leaves them when it leaves",
          "[gateway]") {
  audience_index index;
  index.add(1, {.reads = true, .tool_events = true});
  for (const auto* run : {"a", "b", "b", "c"})
    index.follow_run(1, run, 2);
  CHECK(receivers_of_run(index, "s", "a") == found{{1, for_run}});
  CHECK(receivers_of_run(index, "s", "b") == found{{1, for_run | for_tools}});
  CHECK(receivers_of_run(index, "s", "c") == found{{1, for_run | for_tools}});
  index.remove(1);
  CHECK(receivers_of_run(index, "s", "b").empty());
  index.forget_run("c");
  index.follow_run(1, "a", 2);
  CHECK(receivers_of_run(index, "s", "a").empty());
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
