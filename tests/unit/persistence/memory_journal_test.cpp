#include "tests/support/journal_helpers.hpp"
#include "tests/support/memory_journal.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

constexpr shard_id seven{7};

write_batch put(std::string key, std::string value) {
  write_batch batch;
  batch.put(std::move(key), std::move(value));
  return batch;
}

void commit_first(memory_journal& store) {
  store.stage_vote(seven, 2, 1);
  store.stage_append(seven, 1, {{2, 1, "a"}, {2, 1, "b"}, {2, 1, "c"}});
  store.apply(seven, 1, put("k", "1"));
  REQUIRE(store.commit_turn());
}

} // namespace

TEST_CASE("memory journal: a crash leaves the last committed turn") {
  const auto disk = std::make_shared<memory_disk>();
  {
    memory_journal store{disk};
    commit_first(store);
    store.stage_vote(seven, 9, 9);
    store.apply(seven, 2, put("k", "2"));
    CHECK(all_rows(store, seven) == row_map{{"k", "2"}});
  }
  memory_journal store{disk};

  const auto group = store.load(seven).value();
  CHECK(group.term == 2);
  CHECK(group.entries.size() == 3);
  CHECK(group.applied_index == 1);
  CHECK(all_rows(store, seven) == row_map{{"k", "1"}});
}

TEST_CASE("memory journal: appends replace, truncation moves the beginning, erases erase") {
  memory_journal store{std::make_shared<memory_disk>()};
  commit_first(store);
  store.stage_append(seven, 3, {{3, 1, "C"}});
  write_batch erasing;
  erasing.erase("k");
  store.apply(seven, 2, erasing);
  REQUIRE(store.commit_turn());
  store.stage_truncate(seven, {2, 2, 1, "c"}, 2);
  REQUIRE(store.commit_turn());

  const auto group = store.load(seven).value();
  CHECK(group.first_index == 2);
  REQUIRE(group.entries.size() == 2);
  CHECK(group.entries[1].payload == "C");
  CHECK(group.snapshot.index == 2);
  CHECK(all_rows(store, seven).empty());
}

TEST_CASE("memory journal: a full disk keeps the turn before and heals") {
  const auto disk = std::make_shared<memory_disk>();
  memory_journal store{disk};
  disk->fail_turn(2, errc::storage_full);
  commit_first(store);
  store.apply(seven, 2, put("k", "2"));

  CHECK(store.commit_turn().error().code == errc::storage_full);
  CHECK(store.probe().error().code == errc::storage_full);
  store.discard_staged();
  CHECK(all_rows(store, seven) == row_map{{"k", "1"}});
  disk->heal();
  CHECK(store.probe());
  store.apply(seven, 2, put("k", "2"));
  CHECK(store.commit_turn());
}

TEST_CASE("memory journal: a failed turn is there or not after reopening, as chosen") {
  for (const bool reached : {false, true}) {
    const auto disk = std::make_shared<memory_disk>();
    {
      memory_journal store{disk};
      commit_first(store);
      disk->fail_turn(1, errc::storage_failed, reached);
      store.apply(seven, 2, put("k", "2"));
      CHECK(store.commit_turn().error().code == errc::storage_failed);
      CHECK(store.probe().error().code == errc::storage_failed);
    }
    memory_journal store{disk};
    CHECK(all_rows(store, seven) == row_map{{"k", reached ? "2" : "1"}});
    CHECK(store.probe());
  }
}
