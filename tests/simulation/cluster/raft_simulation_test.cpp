#include "tests/simulation/cluster/raft_world.hpp"

#include <catch2/catch.hpp>

#include <cstdio>
#include <cstdlib>

namespace troupe::test {
namespace {

constexpr std::uint64_t seeds_default = 200;
constexpr int steps = 2000;
/// Simulated steps; some 10 seconds.
constexpr int patience_steps = 4000;

/// `TROUPE_SEEDS` asks for more, `TROUPE_SEED` for one.
std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const auto* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST_CASE("raft: elects, replicates, loses its leader and recovers (3 nodes)", "[simulation]") {
  raft_world world{3, 1};
  world.heal();

  REQUIRE(world.await_leader(patience_steps));
  REQUIRE(world.settle(patience_steps));
  REQUIRE(world.crash_leader());
  REQUIRE(world.await_leader(patience_steps));
  REQUIRE(world.settle(patience_steps));

  CHECK(world.violation() == "");
  CHECK(world.terms_led() == 2);
}

TEST_CASE("raft: faults of every kind, then it heals (3 nodes)", "[simulation]") {
  const auto chosen = from_environment("TROUPE_SEED", 0);
  const auto first = chosen != 0 ? chosen : 1;
  const auto count = chosen != 0 ? 1 : from_environment("TROUPE_SEEDS", seeds_default);
  std::size_t acknowledged = 0;
  std::size_t crashes = 0;
  std::size_t terms = 0;

  for (auto seed = first; seed < first + count; ++seed) {
    INFO("seed " << seed);
    raft_world world{3, seed};
    for (int i = 0; i < steps && world.violation().empty(); ++i)
      world.step();
    world.heal();
    const bool settled = world.settle(patience_steps);
    INFO(world.describe());
    REQUIRE(world.violation() == "");
    REQUIRE(settled);
    acknowledged += world.acknowledged();
    crashes += world.crashes();
    terms += world.terms_led();
  }

  std::printf("%llu seeds: %zu acknowledged, %zu crashes, %zu terms led\n",
              static_cast<unsigned long long>(count), acknowledged, crashes, terms);
}

TEST_CASE("raft: the same seed gives the same run (3 nodes)", "[simulation]") {
  const auto run = [](std::uint64_t seed) {
    raft_world world{3, seed};
    for (int i = 0; i < steps; ++i)
      world.step();
    return world.trace_hash();
  };

  CHECK(run(7) == run(7));
  CHECK(run(7) != run(8));
}

TEST_CASE("raft: every planted fault is caught (3 nodes)", "[simulation]") {
  constexpr std::uint64_t seeds_max = 300;
  const auto planted = GENERATE(mutant::sync_lies, mutant::vote_lost, mutant::apply_skewed);
  std::string caught;
  std::uint64_t seed = 0;

  while (caught.empty() && ++seed <= seeds_max) {
    raft_world world{3, seed, planted};
    for (int i = 0; i < steps && world.violation().empty(); ++i)
      world.step();
    caught = world.violation();
  }

  std::printf("mutant %d: seed %llu: %s\n", static_cast<int>(planted),
              static_cast<unsigned long long>(seed), caught.c_str());
  CHECK(caught != "");
}

} // namespace
} // namespace troupe::test
