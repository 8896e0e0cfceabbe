#include "persistence/journal/lmdb_journal.hpp"
#include "tests/support/journal_helpers.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <unistd.h>

using namespace troupe;
using namespace troupe::test;

namespace {

constexpr shard_id seven{7};
constexpr shard_id eight{8};

std::unique_ptr<journal> open_in(const temp_dir& place) {
  lmdb_journal_options options;
  options.directory = place / "store";
  auto opened = open_lmdb_journal(options);
  REQUIRE(opened);
  return std::move(opened).assume_value();
}

std::vector<journal_entry> entries(std::uint64_t term, std::size_t count) {
  std::vector<journal_entry> out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back({term, 1, "entry " + std::to_string(i)});
  return out;
}

write_batch put(std::string key, std::string value) {
  write_batch batch;
  batch.put(std::move(key), std::move(value));
  return batch;
}

} // namespace

TEST_CASE("lmdb journal: a new store is empty") {
  temp_dir place;
  auto store = open_in(place);

  REQUIRE(store->identity());
  CHECK_FALSE(store->identity().value());
  const auto group = store->load(seven);
  REQUIRE(group);
  CHECK(group.value().term == 0);
  CHECK(group.value().first_index == 1);
  CHECK(group.value().entries.empty());
  CHECK(store->flushed_index(seven) == 0);
  CHECK(store->commit_turn());
}

TEST_CASE("lmdb journal: the identity survives") {
  temp_dir place;
  {
    auto store = open_in(place);
    REQUIRE(store->write_identity({"cluster", 9, 32, 4, 3}));
  }
  auto store = open_in(place);

  const auto identity = store->identity();
  REQUIRE(identity);
  REQUIRE(identity.value());
  CHECK(identity.value()->cluster_id == "cluster");
  CHECK(identity.value()->raft_id == 9);
  CHECK(identity.value()->shards == 32);
  CHECK(identity.value()->boot_count == 4);
  CHECK(identity.value()->clean_stop == 3);
}

TEST_CASE("lmdb journal: votes, entries and rows of a turn survive together") {
  temp_dir place;
  {
    auto store = open_in(place);
    store->stage_vote(seven, 3, 1);
    store->stage_append(seven, 1, entries(3, 4));
    store->stage_append(eight, 1, entries(2, 1));
    CHECK(store->must_sync());
    store->apply(seven, 1, put("k1", "v1"));
    store->apply(seven, 2, put("k2", "v2"));
    REQUIRE(store->commit_turn());
    CHECK_FALSE(store->must_sync());
    CHECK(store->staged_bytes() == 0);
    CHECK(store->flushed_index(seven) == 2);
  }
  auto store = open_in(place);

  const auto group = store->load(seven);
  REQUIRE(group);
  CHECK(group.value().term == 3);
  CHECK(group.value().voted_for == 1);
  CHECK(group.value().entries.size() == 4);
  CHECK(group.value().entries[3].payload == "entry 3");
  CHECK(group.value().entries[3].term == 3);
  CHECK(group.value().applied_index == 2);
  CHECK(store->load(eight).value().entries.size() == 1);
  CHECK(all_rows(*store, seven) == row_map{{"k1", "v1"}, {"k2", "v2"}});
  CHECK(all_rows(*store, eight).empty());
}

TEST_CASE("lmdb journal: what was not committed is gone after reopening") {
  temp_dir place;
  {
    auto store = open_in(place);
    store->stage_append(seven, 1, entries(1, 1));
    store->apply(seven, 1, put("k", "v"));
    CHECK(all_rows(*store, seven).size() == 1);
  }
  auto store = open_in(place);

  CHECK(store->load(seven).value().entries.empty());
  CHECK(all_rows(*store, seven).empty());
}

TEST_CASE("lmdb journal: an append replaces everything from its first index on") {
  temp_dir place;
  auto store = open_in(place);
  store->stage_append(seven, 1, entries(1, 10));
  store->stage_append(eight, 1, entries(1, 10));
  REQUIRE(store->commit_turn());
  store->stage_append(seven, 4, entries(2, 2));
  REQUIRE(store->commit_turn());

  const auto group = store->load(seven).value();
  REQUIRE(group.entries.size() == 5);
  CHECK(group.entries[2].term == 1);
  CHECK(group.entries[3].term == 2);
  CHECK(store->load(eight).value().entries.size() == 10);
}

TEST_CASE("lmdb journal: truncation moves the beginning of the log") {
  temp_dir place;
  {
    auto store = open_in(place);
    store->stage_append(seven, 1, entries(1, 10));
    for (std::uint64_t i = 1; i <= 6; ++i)
      store->apply(seven, i, put("k", std::to_string(i)));
    REQUIRE(store->commit_turn());
    store->stage_truncate(seven, {6, 1, 1, std::string("con\0fig", 7)}, 5);
    REQUIRE(store->commit_turn());
  }
  auto store = open_in(place);

  auto group = store->load(seven).value();
  CHECK(group.snapshot.index == 6);
  CHECK(group.snapshot.term == 1);
  CHECK(group.snapshot.configuration == std::string("con\0fig", 7));
  CHECK(group.first_index == 5);
  CHECK(group.entries.size() == 6);
  CHECK(group.applied_index == 6);
  CHECK(all_rows(*store, seven) == row_map{{"k", "6"}});

  for (std::uint64_t i = 7; i <= 10; ++i)
    store->apply(seven, i, {});
  REQUIRE(store->commit_turn());
  store->stage_truncate(seven, {10, 1, 1, "c"}, 11);
  REQUIRE(store->commit_turn());
  group = store->load(seven).value();
  CHECK(group.entries.empty());
  CHECK(group.first_index == 11);
}

TEST_CASE("lmdb journal: applied rows are visible before they are on disk, over those on disk") {
  temp_dir place;
  auto store = open_in(place);
  write_batch first;
  for (const char* key : {"a1", "a3", "a5", "b1"})
    first.put(key, "disk");
  store->stage_append(seven, 1, entries(1, 3));
  store->apply(seven, 1, first);
  REQUIRE(store->commit_turn());
  const auto before = store->rows().snapshot();
  write_batch second;
  second.put("a2", "fresh");
  second.put("a3", "fresh");
  second.erase("a5");
  second.put("b0", "fresh");
  store->apply(seven, 2, second);

  const auto now = store->rows().snapshot();
  CHECK(now->get(seven, "a3").value() == "fresh");
  CHECK_FALSE(now->get(seven, "a5").value());
  CHECK(scan_keys(*now, seven, "a", "", scan_order::ascending) == keys{"a1", "a2", "a3"});
  CHECK(scan_keys(*now, seven, "a", "", scan_order::descending) == keys{"a3", "a2", "a1"});
  CHECK(scan_keys(*now, seven, "a", "a2", scan_order::ascending) == keys{"a2", "a3"});
  CHECK(scan_keys(*now, seven, "a", "a22", scan_order::descending) == keys{"a2", "a1"});
  CHECK(scan_keys(*now, seven, "a", "zz", scan_order::descending) == keys{"a3", "a2", "a1"});
  CHECK(scan_keys(*now, seven, "b", "a", scan_order::descending).empty());
  CHECK(scan_keys(*now, seven, "", "", scan_order::descending) ==
        keys{"b1", "b0", "a3", "a2", "a1"});
  CHECK(before->get(seven, "a3").value() == "disk");
  CHECK(scan_keys(*before, seven, "a", "", scan_order::ascending) == keys{"a1", "a3", "a5"});

  REQUIRE(store->commit_turn());
  CHECK(scan_keys(*now, seven, "a", "", scan_order::ascending) == keys{"a1", "a2", "a3"});
  CHECK(scan_keys(*before, seven, "a", "", scan_order::ascending) == keys{"a1", "a3", "a5"});
  CHECK(all_rows(*store, seven).size() == 5);
}

TEST_CASE("lmdb journal: discarding shows what is on disk again") {
  temp_dir place;
  auto store = open_in(place);
  store->stage_append(seven, 1, entries(1, 2));
  store->apply(seven, 1, put("k", "disk"));
  REQUIRE(store->commit_turn());
  store->stage_vote(seven, 5, 1);
  store->apply(seven, 2, put("k", "lost"));
  store->discard_staged();

  CHECK_FALSE(store->must_sync());
  CHECK(store->staged_bytes() == 0);
  CHECK(all_rows(*store, seven) == row_map{{"k", "disk"}});
  CHECK(store->load(seven).value().term == 0);
  CHECK(store->load(seven).value().applied_index == 1);
  store->apply(seven, 2, put("k", "again"));
  REQUIRE(store->commit_turn());
  CHECK(all_rows(*store, seven) == row_map{{"k", "again"}});
}

TEST_CASE("lmdb journal: the meta group's keys end the store and scan both ways") {
  temp_dir place;
  auto store = open_in(place);
  write_batch batch;
  batch.put(std::string("\xff\xff", 2), "last");
  batch.put(std::string("\xff", 1), "first");
  store->stage_append(meta_shard, 1, entries(1, 1));
  store->apply(meta_shard, 1, batch);
  const auto check = [&] {
    const auto now = store->rows().snapshot();
    const auto up = keys{"\xff", "\xff\xff"};
    const auto down = keys{"\xff\xff", "\xff"};
    CHECK(scan_keys(*now, meta_shard, "\xff", "", scan_order::ascending) == up);
    CHECK(scan_keys(*now, meta_shard, "\xff", "", scan_order::descending) == down);
  };

  check();
  REQUIRE(store->commit_turn());
  check();
}

TEST_CASE("lmdb journal: a second opening is refused and names the holder") {
  temp_dir place;
  const auto first = open_in(place);

  lmdb_journal_options options;
  options.directory = place / "store";
  const auto second = open_lmdb_journal(options);

  REQUIRE_FALSE(second);
  CHECK(second.error().code == errc::unavailable);
  CHECK(second.error().detail.find(std::to_string(::getpid())) != std::string::npos);
}
