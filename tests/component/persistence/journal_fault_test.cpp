#include "tests/component/persistence/journal_world.hpp"
#include "tests/support/disk_faults.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <filesystem>
#include <functional>

using namespace troupe;
using namespace troupe::test;

namespace {

constexpr disk_fault faults[] = {
    {.code = ENOSPC},
    {.code = ENOSPC, .then_every_write = ENOSPC},
    {.code = EDQUOT, .then_every_write = EDQUOT},
    {.code = EIO},
    {.code = EIO, .then_every_write = EIO},
    {.short_write = true},
    {.short_write = true, .then_every_write = ENOSPC},
};

std::string text_of(disk_call call, unsigned n, const disk_fault& fault) {
  return std::string{name_of(call)} + " number " + std::to_string(n) +
         (fault.short_write ? " short" : " errno " + std::to_string(fault.code)) + ", then " +
         std::to_string(fault.then_every_write);
}

result<std::unique_ptr<journal>> open_at(const std::string& directory) {
  lmdb_journal_options options;
  options.directory = directory;
  options.map_bytes = 64u << 20;
  return open_lmdb_journal(options);
}

std::unique_ptr<journal> must_open(const std::string& directory) {
  auto opened = open_at(directory);
  INFO((opened ? std::string{} : opened.error().detail));
  REQUIRE(opened);
  return std::move(opened).assume_value();
}

/// The store as it is before the turn that fails, made once, and how it looks before and after.
struct fault_world {
  temp_dir place{temp_dir::on::memory};
  std::string before;
  std::string after;

  fault_world() {
    {
      auto store = must_open(place / "base");
      commit_beginning(*store);
      before = picture_of(*store);
    }
    auto store = must_open(copy("after"));
    stage_rest(*store);
    REQUIRE(store->commit_turn());
    after = picture_of(*store);
    REQUIRE(before != after);
  }

  std::string copy(const std::string& name) const {
    std::filesystem::remove_all(place / name);
    std::filesystem::copy(place / "base", place / name);
    std::filesystem::remove(place / (name + "/lock.mdb"));
    return place / name;
  }
};

/// Runs `attempt` with every call failing in every way, until it passes without a failure; counts
/// the failures that were met.
int for_every_failure(const std::function<bool(disk_call, unsigned, const disk_fault&)>& attempt) {
  int met = 0;
  for (const auto call : all_disk_calls)
    for (const auto& fault : faults)
      for (unsigned n = 1; attempt(call, n, fault); ++n)
        ++met;
  return met;
}

/// Errors that the contract allows for a turn whose `call` failed.
bool right_class(errc code, disk_call call, const disk_fault& fault, bool meta_page) {
  if (meta_page)
    return code == errc::storage_failed;
  const bool no_room =
      fault.code == ENOSPC || fault.code == EDQUOT || fault.then_every_write == ENOSPC;
  if (call == disk_call::fdatasync)
    return no_room || code == errc::storage_failed;
  return code == (no_room ? errc::storage_full : errc::storage_failed);
}

/// After `storage_full` the same process goes on.
void check_goes_on(journal& store, const fault_world& world) {
  store.discard_staged();
  REQUIRE(picture_of(store) == world.before);
  REQUIRE(store.probe());
  stage_rest(store);
  REQUIRE(store.commit_turn());
  REQUIRE(picture_of(store) == world.after);
}

enum class aftermath { files_as_they_are, unsynced_lost };

bool commit_fails(const fault_world& world, disk_call call, unsigned n, const disk_fault& fault,
                  aftermath then) {
  const auto directory = world.copy("tried");
  disk_faults disk{directory};
  bool full = false;
  {
    auto store = must_open(directory);
    stage_rest(*store);
    disk.fail(call, n, fault);
    const auto done = store->commit_turn();
    disk.heal();
    INFO(text_of(call, n, fault));
    REQUIRE(bool(done) == !disk.fired());
    if (done) {
      REQUIRE(picture_of(*store) == world.after);
      return false;
    }
    INFO(done.error().detail);
    REQUIRE(right_class(done.error().code, call, fault, disk.fired_on_meta_page()));
    full = done.error().code == errc::storage_full;
    if (full && then == aftermath::files_as_they_are)
      check_goes_on(*store, world);
  }
  if (then == aftermath::unsynced_lost)
    disk.lose_unsynced();
  const auto picture = picture_of(*must_open(directory));
  INFO(text_of(call, n, fault));
  if (full)
    REQUIRE(picture == (then == aftermath::unsynced_lost ? world.before : world.after));
  else
    REQUIRE((picture == world.before || picture == world.after));
  return true;
}

} // namespace

TEST_CASE("journal faults: a turn is written whole or not at all, whichever call fails") {
  const fault_world world;
  const int met = for_every_failure([&](disk_call call, unsigned n, const disk_fault& fault) {
    return commit_fails(world, call, n, fault, aftermath::files_as_they_are);
  });
  CHECK(met >= 50);
  WARN(met << " failures injected into commit_turn");
}

TEST_CASE("journal faults: a turn is whole or absent when unsynced writes are lost, too") {
  const fault_world world;
  const int met = for_every_failure([&](disk_call call, unsigned n, const disk_fault& fault) {
    return commit_fails(world, call, n, fault, aftermath::unsynced_lost);
  });
  CHECK(met >= 50);
}

TEST_CASE("journal faults: the last acknowledged turn is there when unsynced writes are lost") {
  temp_dir place{temp_dir::on::memory};
  const auto directory = place / "store";
  disk_faults disk{place.path()};
  must_open(directory).reset();
  disk.lose_unsynced();

  for (int turn = 1; turn <= 12; ++turn) {
    std::string acknowledged;
    {
      auto store = must_open(directory);
      const auto index = store->flushed_index(seven) + 1;
      store->stage_append(seven, index, entries_of(1, 3, 700));
      store->apply(seven, index, batch_of(turn * 3, 9, std::string(150, 'v')));
      store->stage_vote(seven, static_cast<std::uint64_t>(turn), 1);
      REQUIRE(store->commit_turn());
      acknowledged = picture_of(*store);
      store->apply(seven, index + 1, batch_of(0, 50, "never synced"));
    }
    disk.lose_unsynced();

    REQUIRE(picture_of(*must_open(directory)) == acknowledged);
  }
}

TEST_CASE("journal faults: probe says what the disk says, and changes nothing") {
  const fault_world world;
  const int met = for_every_failure([&](disk_call call, unsigned n, const disk_fault& fault) {
    const auto directory = world.copy("tried");
    disk_faults disk{directory};
    auto store = must_open(directory);
    disk.fail(call, n, fault);
    const auto done = store->probe();
    disk.heal();
    INFO(text_of(call, n, fault));
    REQUIRE(bool(done) == !disk.fired());
    if (!done)
      REQUIRE(right_class(done.error().code, call, fault, disk.fired_on_meta_page()));
    if (!done && done.error().code == errc::storage_full)
      REQUIRE(store->probe());
    store.reset();
    REQUIRE(picture_of(*must_open(directory)) == world.before);
    return !done;
  });
  CHECK(met >= 20);
}

TEST_CASE("journal faults: a store that could not be created can be created later") {
  temp_dir place{temp_dir::on::memory};
  const auto directory = place / "store";
  const int met = for_every_failure([&](disk_call call, unsigned n, const disk_fault& fault) {
    std::filesystem::remove_all(directory);
    disk_faults disk{place.path()};
    disk.fail(call, n, fault);
    const auto first = open_at(directory);
    disk.heal();
    INFO(text_of(call, n, fault));
    if (!first)
      REQUIRE(
          (first.error().code == errc::storage_full || first.error().code == errc::storage_failed));
    if (first)
      return disk.fired(); // tolerated: the lock's text, a smaller map
    auto store = must_open(directory);
    REQUIRE_FALSE(store->identity().value());
    commit_beginning(*store);
    return true;
  });
  CHECK(met >= 30);
}

TEST_CASE("journal faults: an existing store is unharmed by an opening that fails") {
  const fault_world world;
  for_every_failure([&](disk_call call, unsigned n, const disk_fault& fault) {
    const auto directory = world.copy("tried");
    disk_faults disk{directory};
    disk.fail(call, n, fault);
    const bool opened = bool(open_at(directory));
    disk.heal();
    INFO(text_of(call, n, fault));
    REQUIRE((opened || disk.fired()));
    REQUIRE(picture_of(*must_open(directory)) == world.before);
    return disk.fired();
  });
}

TEST_CASE("journal faults: a disk that no longer syncs is broken, whatever errno it gives") {
  const fault_world world;
  constexpr disk_fault unsynced[] = {
      {.code = ENOSPC, .then_every_sync = ENOSPC},
      {.short_write = true, .then_every_write = ENOSPC, .then_every_sync = ENOSPC},
  };
  for (const auto& fault : unsynced) {
    const auto directory = world.copy("tried");
    disk_faults disk{directory};
    auto store = must_open(directory);
    stage_rest(*store);
    disk.fail(fault.short_write ? disk_call::writev : disk_call::fdatasync, 1, fault);
    const auto done = store->commit_turn();
    disk.heal();
    REQUIRE(disk.fired());
    REQUIRE_FALSE(done);
    CHECK(done.error().code == errc::storage_failed);
    store.reset();
    CHECK(picture_of(*must_open(directory)) == world.before);
  }
}

TEST_CASE("journal faults: less address space than wished for is enough") {
  const fault_world world;
  const auto directory = world.copy("tried");
  disk_faults disk{directory};
  lmdb_journal_options options;
  options.directory = directory;
  options.map_bytes = 1u << 30;
  disk.fail(disk_call::mmap, 2, {.code = ENOMEM}); // the first maps lock.mdb
  const auto opened = open_lmdb_journal(options);
  REQUIRE(disk.fired());
  REQUIRE(opened);
  CHECK(picture_of(*opened.value()) == world.before);
}

TEST_CASE("journal faults: a store half created at a power cut is created anew") {
  temp_dir place{temp_dir::on::memory};
  const auto directory = place / "store";
  for (unsigned n = 1;; ++n) {
    std::filesystem::remove_all(directory);
    disk_faults disk{place.path()};
    disk.fail(disk_call::pwrite, n, {.code = EIO, .then_every_write = EIO});
    const auto first = bool(open_at(directory));
    disk.heal();
    if (!first)
      disk.lose_unsynced();
    REQUIRE(must_open(directory)->load(seven).value().entries.empty());
    if (!disk.fired())
      break;
  }
}
