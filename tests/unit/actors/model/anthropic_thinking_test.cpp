#include "actors/model/anthropic_messages/thinking.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {

using model::anthropic_messages::thinks_as_it_likes;

TEST_CASE("anthropic thinking: Claude decides itself from 4.6 on", "[model]") {
  for (const auto* id :
       {"claude-opus-4-6", "claude-sonnet-4-6-20260301", "claude-opus-4-8", "claude-opus-5",
        "claude-sonnet-5-20261001", "anthropic/claude-opus-4.7", "claude-mythos-preview"})
    CHECK(thinks_as_it_likes(id));
  for (const auto* id :
       {"claude-3-7-sonnet-20250219", "claude-3-7-sonnet-latest", "claude-sonnet-4-20250514",
        "claude-opus-4-1", "claude-haiku-4-5-20251001", "claude-3-opus-20240229", "kimi-k2", ""})
    CHECK_FALSE(thinks_as_it_likes(id));
}

} // namespace troupe::test
