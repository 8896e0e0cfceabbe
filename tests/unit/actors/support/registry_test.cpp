#include "actors/support/registry.hpp"
#include "tests/support/manual_clock.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {

struct registry_world {
  manual_clock time;
  std::shared_ptr<actor_registry> registry = std::make_shared<actor_registry>(time);
  std::shared_ptr<actor_stats> stats = std::make_shared<actor_stats>();
};

TEST_CASE_METHOD(registry_world, "registry: an actor is listed for as long as its place lives") {
  {
    auto place = registry->add("/shard/1", "shard", stats);
    place.enter("leading");
    stats->handled = 7;
    time.advance(std::chrono::milliseconds{50});
    const auto rows = registry->list();
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].state == "leading");
    CHECK(rows[0].handled == 7);
    CHECK(rows[0].age.count() == 50);
    const auto moved = std::move(place);
    CHECK(registry->size() == 1);
  }
  CHECK(registry->size() == 0);
}

TEST_CASE_METHOD(registry_world, "registry: a restart that overlaps its predecessor stays listed") {
  auto old = std::make_unique<registration>(registry->add("/x", "x", stats));
  registry->note_restart("/x", "it crashed");
  const auto fresh = registry->add("/x", "x", std::make_shared<actor_stats>());
  old.reset();

  const auto rows = registry->list();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].restarts == 1);
  CHECK(rows[0].last_error == "it crashed");
}

TEST_CASE_METHOD(registry_world, "registry: rows are ordered by path") {
  const auto b = registry->add("/b", "x", stats);
  const auto a = registry->add("/a", "x", stats);
  CHECK(registry->list()[0].path == "/a");
}

} // namespace troupe::test
