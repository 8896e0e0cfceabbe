#include "actors/support/credit.hpp"

#include <catch2/catch.hpp>

#include <vector>

namespace troupe::test {

TEST_CASE("credit: as many as there are places, none more") {
  const auto pool = credit_pool::create(2);
  const auto one = pool->take();
  auto two = pool->take();
  REQUIRE((one && two));
  CHECK_FALSE(pool->take());
  CHECK(pool->taken() == 2);

  two.reset();
  CHECK(pool->take());
}

TEST_CASE("credit: several places at once, all or none") {
  const auto pool = credit_pool::create(5);
  auto three = pool->take(3);
  REQUIRE(three);
  CHECK_FALSE(pool->take(3));
  CHECK(pool->taken() == 3);
  CHECK(pool->take(2));
  three.reset();
  CHECK(pool->taken() == 0);
  CHECK_FALSE(pool->take(6));
  CHECK(pool->take(5));
}

TEST_CASE("credit: comes back with the last copy, also after its pool's owner went") {
  auto pool = credit_pool::create(1);
  auto held = pool->take();
  auto copy = held;
  held.reset();
  CHECK(pool->taken() == 1);
  pool.reset();
  copy.reset();
}

} // namespace troupe::test
