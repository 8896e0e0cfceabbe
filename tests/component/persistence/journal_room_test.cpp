#include "tests/component/persistence/journal_world.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <sys/mount.h>
#include <unistd.h>

using namespace troupe;
using namespace troupe::test;

namespace {

constexpr std::size_t small_map_bytes = 2u << 20;

std::unique_ptr<journal> open_small(const std::string& directory, std::size_t map_bytes,
                                    const disk& storage = system_disk()) {
  lmdb_journal_options options;
  options.directory = directory;
  options.map_bytes = map_bytes;
  options.storage = &storage;
  auto opened = open_lmdb_journal(options);
  REQUIRE(opened);
  return std::move(opened).assume_value();
}

/// Adds turns of about `bytes` until one is refused; gives their number and the refusal.
std::pair<std::uint64_t, error> fill(journal& store, std::size_t bytes) {
  for (std::uint64_t index = store.flushed_index(seven) + 1;; ++index) {
    REQUIRE(index < 100000);
    store.stage_append(seven, index, entries_of(1, 1, bytes));
    store.apply(seven, index, batch_of(static_cast<int>(index), 1, std::string(bytes, 'f')));
    if (const auto done = store.commit_turn(); !done)
      return {index - 1, done.error()};
  }
}

void check_full_then_works_again(journal& store) {
  const auto [kept, refusal] = fill(store, 20000);
  INFO(refusal.detail);
  REQUIRE(refusal.code == errc::storage_full);
  store.discard_staged();
  CHECK(all_rows(store, seven).size() == kept);
  CHECK(store.flushed_index(seven) == kept);

  store.stage_truncate(seven, {kept - 1, 1, 1, "c"}, kept - 1);
  REQUIRE(store.commit_turn());
  write_batch erasing;
  for (std::uint64_t i = 1; i < kept; ++i)
    erasing.erase("row " + std::to_string(1000 + i));
  store.stage_append(seven, kept + 1, entries_of(1, 1));
  store.apply(seven, kept + 1, erasing);
  REQUIRE(store.commit_turn());
  REQUIRE(store.probe());
  CHECK(all_rows(store, seven).size() == 1);

  const auto [more, again] = fill(store, 20000);
  CHECK(again.code == errc::storage_full);
  CHECK(more > kept + kept / 2);
}

class fake_disk final : public disk {
public:
  disk_space facts{1000, 1000};
  result<disk_space> space(const std::string&) const override { return facts; }
  bool has_room(const std::string&, std::size_t) const override { return true; }
};

} // namespace

TEST_CASE("journal room: a full map refuses, takes deletes, and works again") {
  temp_dir place{temp_dir::on::memory};
  const auto store = open_small(place / "store", small_map_bytes);
  check_full_then_works_again(*store);
}

TEST_CASE("journal room: turns of any size never wedge a full map") {
  for (const std::size_t bytes : {200u, 3000u, 60000u}) {
    temp_dir place{temp_dir::on::memory};
    auto store = open_small(place / "store", small_map_bytes);
    const auto [kept, refusal] = fill(*store, bytes);
    REQUIRE(refusal.code == errc::storage_full);
    store.reset();

    // What the operator does when even a delete finds no page: a larger map.
    store = open_small(place / "store", 2 * small_map_bytes);
    CHECK(store->flushed_index(seven) == kept);
    CHECK(store->probe());
  }
}

TEST_CASE("journal room: a full disk refuses, and works again when there is room") {
  temp_dir place;
  if (::mount("troupe-test", place.path().c_str(), "tmpfs", 0, "size=2m") != 0) {
    WARN("skipped: needs the right to mount a tmpfs");
    return;
  }
  {
    const auto store = open_small(place / "store", 64u << 20);
    const auto [kept, refusal] = fill(*store, 20000);
    INFO(refusal.detail);
    CHECK(refusal.code == errc::storage_full);
    CHECK(store->used_permille() > 900);
    store->discard_staged();
    CHECK(all_rows(*store, seven).size() == kept);
    REQUIRE(::mount("troupe-test", place.path().c_str(), "tmpfs", MS_REMOUNT, "size=4m") == 0);
    CHECK(store->probe());
    CHECK(fill(*store, 20000).first > kept);
  }
  ::umount(place.path().c_str());
}

TEST_CASE("journal room: fullness is that of the fuller of map and disk") {
  temp_dir place{temp_dir::on::memory};
  fake_disk disk;
  const auto store = open_small(place / "store", small_map_bytes, disk);
  CHECK(store->used_permille() < 100);
  disk.facts = {1000, 100};
  CHECK(store->used_permille() == 900);
  disk.facts = {1000, 1000};

  const auto kept = fill(*store, 20000).first;
  store->discard_staged();
  CHECK(store->used_permille() > 850);

  for (std::uint64_t i = 1; i < 200; ++i) {
    write_batch erasing;
    erasing.erase("row " + std::to_string(1000 + i));
    store->stage_truncate(seven, {std::min(i, kept), 1, 1, "c"}, std::min(i, kept));
    store->apply(seven, kept + i, erasing);
    REQUIRE(store->commit_turn());
  }
  CHECK(store->used_permille() < 500);
}
