#include "persistence/journal/frame.hpp"
#include "persistence/journal/group_fields.hpp"
#include "persistence/journal/key_range.hpp"
#include "persistence/lmdb/env.hpp"
#include "tests/component/persistence/journal_world.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <functional>

using namespace troupe;
using namespace troupe::test;

namespace {

result<std::unique_ptr<journal>> open_at(const std::string& directory) {
  lmdb_journal_options options;
  options.directory = directory;
  return open_lmdb_journal(options);
}

/// Changes the store behind the journal's back: what a bad disk or a bug would leave.
void tamper(const std::string& directory, const char* database,
            const std::function<void(lmdb::transaction&, MDB_dbi)>& change) {
  lmdb::env_options chosen;
  chosen.directory = directory;
  auto opened = lmdb::env::open(chosen);
  REQUIRE(opened);
  auto begun = lmdb::transaction::begin(opened.value(), lmdb::access::write);
  REQUIRE(begun);
  auto& writing = begun.value();
  const auto found = writing.database(database, lmdb::access::read);
  REQUIRE(found);
  change(writing, found.value());
  REQUIRE(writing.commit());
}

void put_raw(lmdb::transaction& writing, MDB_dbi database, std::string_view key,
             std::string_view value) {
  auto room = writing.reserve(database, key, value.size());
  REQUIRE(room);
  std::copy(value.begin(), value.end(), room.value().begin());
}

/// Flips one bit of the value under `key`.
auto flip(std::string key) {
  return [key = std::move(key)](lmdb::transaction& writing, MDB_dbi database) {
    std::string value{writing.get(database, key).value().value()};
    value.back() = static_cast<char>(value.back() ^ 1);
    put_raw(writing, database, key, value);
  };
}

struct corruption_world {
  temp_dir place{temp_dir::on::memory};
  std::string directory = place / "store";

  corruption_world() {
    auto store = open_at(directory);
    REQUIRE(store);
    store.value()->stage_vote(seven, 1, 1);
    store.value()->stage_append(seven, 1, entries_of(1, 5));
    store.value()->apply(seven, 1, batch_of(0, 3, "value"));
    REQUIRE(store.value()->commit_turn());
    REQUIRE(store.value()->write_identity({"cluster", 1, 32, 1, 0}));
  }
};

const std::string second_row = store_key(seven, "row 1001");

} // namespace

TEST_CASE("journal corruption: a flipped row is never given out, its neighbours are") {
  const corruption_world world;
  tamper(world.directory, "rows", flip(second_row));
  const auto store = open_at(world.directory);
  REQUIRE(store);
  const auto rows = store.value()->rows().snapshot();

  CHECK(rows->get(seven, "row 1001").error().code == errc::corrupt);
  CHECK(rows->get(seven, "row 1000").value() == "value");
  int visited = 0;
  const auto scanned = rows->scan(seven, "", "", scan_order::ascending, [&](auto, auto) {
    ++visited;
    return scan_step::more;
  });
  CHECK(scanned.error().code == errc::corrupt);
  CHECK(visited == 1);
}

TEST_CASE("journal corruption: a sound value under another key is noticed") {
  const corruption_world world;
  tamper(world.directory, "rows", [](lmdb::transaction& writing, MDB_dbi rows) {
    const std::string other{writing.get(rows, store_key(seven, "row 1000")).value().value()};
    put_raw(writing, rows, second_row, other);
  });
  const auto store = open_at(world.directory);
  REQUIRE(store);

  CHECK(store.value()->rows().snapshot()->get(seven, "row 1001").error().code == errc::corrupt);
}

TEST_CASE("journal corruption: a log with a flipped, misplaced or missing entry is not loaded") {
  const auto load_after = [](const std::function<void(lmdb::transaction&, MDB_dbi)>& change) {
    const corruption_world world;
    tamper(world.directory, "log", change);
    const auto store = open_at(world.directory);
    REQUIRE(store);
    const auto loaded = store.value()->load(seven);
    return loaded ? std::string{"loaded"} : std::string{to_string(loaded.error().code)};
  };
  const auto move_entry = [](lmdb::transaction& writing, MDB_dbi log) {
    const std::string other{writing.get(log, log_key(seven, 2)).value().value()};
    put_raw(writing, log, log_key(seven, 3), other);
  };

  CHECK(load_after([](lmdb::transaction&, MDB_dbi) {}) == "loaded");
  CHECK(load_after(flip(log_key(seven, 3))) == "corrupt");
  CHECK(load_after(move_entry) == "corrupt");
  CHECK(load_after([](lmdb::transaction& writing, MDB_dbi log) {
          REQUIRE(writing.erase(log, log_key(seven, 3)));
        }) == "corrupt");
  CHECK(load_after([](lmdb::transaction& writing, MDB_dbi log) {
          REQUIRE(writing.erase(log, log_key(seven, 1)));
        }) == "corrupt");
}

TEST_CASE("journal corruption: rows beyond the log's end are not believed") {
  const corruption_world world;
  tamper(world.directory, "groups", [](lmdb::transaction& writing, MDB_dbi groups) {
    REQUIRE(put_framed(writing, groups, store_database::groups,
                       group_key(seven, group_field::applied), {}, encode_number(6)));
  });
  const auto store = open_at(world.directory);
  REQUIRE(store);

  CHECK(store.value()->load(seven).error().code == errc::corrupt);
}

TEST_CASE("journal corruption: flipped fields of a group and of the store are noticed") {
  const corruption_world world;
  tamper(world.directory, "groups", flip(group_key(seven, group_field::vote)));
  tamper(world.directory, "store", flip("identity"));
  {
    const auto store = open_at(world.directory);
    REQUIRE(store);
    CHECK(store.value()->load(seven).error().code == errc::corrupt);
    CHECK(store.value()->identity().error().code == errc::corrupt);
  }

  tamper(world.directory, "groups", flip(group_key(seven, group_field::applied)));
  CHECK(open_at(world.directory).error().code == errc::corrupt);
}

TEST_CASE("journal corruption: a store of another release is refused by name") {
  const corruption_world world;
  tamper(world.directory, "store", [](lmdb::transaction& writing, MDB_dbi store) {
    REQUIRE(put_framed(writing, store, store_database::store, "format", {}, encode_number(2)));
  });

  const auto opened = open_at(world.directory);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::unsupported);
  CHECK(opened.error().detail.find("format 2") != std::string::npos);
}

TEST_CASE("journal corruption: more open snapshots than reader slots is an error, not a crash") {
  constexpr std::size_t slots = lmdb::env_options{}.readers_max;
  const corruption_world world;
  const auto store = open_at(world.directory);
  REQUIRE(store);
  std::vector<std::unique_ptr<row_snapshot>> open;
  for (std::size_t i = 0; i < slots; ++i)
    open.push_back(store.value()->rows().snapshot());
  CHECK(open.back()->get(seven, "row 1000").value() == "value");

  const auto one_more = store.value()->rows().snapshot();
  CHECK(one_more->get(seven, "row 1000").error().code == errc::overloaded);
  open.clear();
  CHECK(store.value()->rows().snapshot()->get(seven, "row 1000").value() == "value");
}
