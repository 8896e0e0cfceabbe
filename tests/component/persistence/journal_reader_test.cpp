#include "tests/component/persistence/journal_world.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

using namespace troupe;
using namespace troupe::test;

namespace {

// Large batches, so that a reader often comes in the middle of one.
constexpr int batches = 400;
constexpr int rows_per_batch = 200;
constexpr int turn_every = 7;

/// Every batch writes the same number to all its rows, and to one row fewer or more.
write_batch numbered(int number) {
  write_batch batch;
  for (int row = 0; row < rows_per_batch; ++row)
    batch.put("row " + std::to_string(row), std::to_string(number));
  if (number % 2 == 0)
    batch.put("sometimes", std::to_string(number));
  else
    batch.erase("sometimes");
  return batch;
}

/// The number that all rows of one snapshot have; nullopt when a batch was missed or torn.
std::optional<int> number_in(const row_snapshot& rows, scan_order order) {
  std::vector<int> seen;
  bool sometimes = false;
  if (!rows.scan(seven, "", "", order, [&](std::string_view key, std::string_view value) {
        sometimes = sometimes || key == "sometimes";
        seen.push_back(std::stoi(std::string{value}));
        return scan_step::more;
      }))
    return std::nullopt;
  if (seen.empty())
    return 0;
  const auto one = rows.get(seven, "row 3");
  if (!one || !one.value())
    return std::nullopt;
  seen.push_back(std::stoi(*one.value()));
  for (const int number : seen)
    if (number != seen.front())
      return std::nullopt;
  const bool complete = seen.size() == rows_per_batch + 1u + (sometimes ? 1u : 0u);
  return complete && sometimes == (seen.front() % 2 == 0) ? std::optional{seen.front()}
                                                          : std::nullopt;
}

} // namespace

TEST_CASE("journal readers: every batch is seen whole, in order, and none is missed") {
  temp_dir place{temp_dir::on::memory};
  lmdb_journal_options options;
  options.directory = place / "store";
  auto opened = open_lmdb_journal(options);
  REQUIRE(opened);
  auto& store = *opened.value();
  std::atomic<int> shown{0};
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::atomic<int> snapshots{0};
  const auto read = [&](scan_order order) {
    int last = 0;
    while (!done) {
      const int promised = shown; // applied before the snapshot, so it must be in it
      const auto number = number_in(*store.rows().snapshot(), order);
      if (!number || *number < promised || *number < last)
        ++wrong;
      last = number.value_or(last);
      ++snapshots;
    }
  };
  std::thread up{read, scan_order::ascending};
  std::thread down{read, scan_order::descending};

  for (int number = 1; number <= batches; ++number) {
    store.apply(seven, static_cast<std::uint64_t>(number), numbered(number));
    shown = number;
    if (number % turn_every == 0 && !store.commit_turn())
      ++wrong;
  }
  done = true;
  up.join();
  down.join();

  CHECK(wrong == 0);
  CHECK(snapshots > 0);
  CHECK(number_in(*store.rows().snapshot(), scan_order::ascending) == batches);
}
