#include "persistence/journal/key_range.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <algorithm>

using namespace troupe;

TEST_CASE("key range: the key behind a prefix skips bytes that cannot grow") {
  CHECK(after_prefix("ab") == "ac");
  CHECK(after_prefix("a\xff\xff") == "b");
  CHECK(after_prefix("\xff\xff") == std::nullopt);
  CHECK(after_prefix("") == std::nullopt);
}

TEST_CASE("key range: the key behind a prefix is above all its keys and below no other") {
  CHECK(rc::check([](const std::string& prefix, const std::string& key) {
    const auto end = after_prefix(prefix);
    if (!end)
      return;
    RC_ASSERT(prefix + key < *end);
    if (key >= prefix && !key.starts_with(prefix))
      RC_ASSERT(key >= *end);
  }));
}

TEST_CASE("key range: store keys sort by shard, then by row key") {
  CHECK(rc::check([](std::uint16_t a, const std::string& x, std::uint16_t b, const std::string& y) {
    const auto left = store_key(shard_id{a}, x);
    const auto right = store_key(shard_id{b}, y);
    RC_ASSERT((left < right) == (std::pair{a, x} < std::pair{b, y}));
  }));
}
