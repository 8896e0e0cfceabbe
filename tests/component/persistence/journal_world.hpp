#pragma once

#include "persistence/journal/lmdb_journal.hpp"
#include "tests/support/journal_helpers.hpp"

#include <memory>
#include <string>
#include <vector>

/// A store with some turns in it and one to come that touches everything: votes, appends that
/// replace, truncation, rows put, replaced and erased, small and on overflow pages.
namespace troupe::test {

inline constexpr shard_id seven{7};
inline constexpr shard_id eight{8};

inline std::vector<journal_entry> entries_of(std::uint64_t term, std::size_t count,
                                             std::size_t bytes = 300) {
  std::vector<journal_entry> out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back({term, 1, std::string(bytes, static_cast<char>('a' + i % 26))});
  return out;
}

inline write_batch batch_of(int first, int count, const std::string& value) {
  write_batch batch;
  for (int i = first; i < first + count; ++i)
    batch.put("row " + std::to_string(1000 + i), value);
  return batch;
}

/// The first turns, committed. The last of them leave free pages here and there, so that the next
/// turn is written in many pieces.
inline void commit_beginning(journal& store) {
  store.stage_vote(seven, 1, 1);
  store.stage_append(seven, 1, entries_of(1, 20));
  store.stage_append(eight, 1, entries_of(1, 15));
  for (std::uint64_t i = 1; i <= 10; ++i)
    store.apply(seven, i, batch_of(static_cast<int>(i) * 40, 40, std::string(100, 'x')));
  REQUIRE(store.commit_turn());
  store.stage_append(eight, 16, entries_of(2, 5));
  store.apply(eight, 1, batch_of(0, 60, std::string(200, 'y')));
  REQUIRE(store.commit_turn());
  for (int turn = 0; turn < 12; ++turn) {
    store.apply(eight, static_cast<std::uint64_t>(2 + turn),
                batch_of(turn * 211 % 400, 5, std::string(900, 'w')));
    REQUIRE(store.commit_turn());
  }
}

/// The turn to come, staged.
inline void stage_rest(journal& store) {
  store.stage_vote(seven, 4, 2);
  store.stage_append(seven, 18, entries_of(4, 12));
  store.stage_truncate(seven, {8, 1, 1, "configuration"}, 7);
  store.stage_append(eight, 21, entries_of(4, 3, 9000));
  store.apply(seven, 11, batch_of(100, 120, "short"));
  write_batch erasing;
  for (int i = 300; i < 340; ++i)
    erasing.erase("row " + std::to_string(1000 + i));
  store.apply(seven, 12, erasing);
  store.apply(eight, 14, batch_of(30, 3, std::string(30000, 'z')));
}

/// All that a reader and the raft loop can see, as text to compare.
inline std::string picture_of(journal& store) {
  std::string out;
  for (const auto group : {seven, eight}) {
    const auto loaded = store.load(group);
    if (!loaded)
      return "cannot load: " + loaded.error().detail;
    const auto& found = loaded.value();
    out += "term " + std::to_string(found.term) + " for " + std::to_string(found.voted_for) +
           " snapshot " + std::to_string(found.snapshot.index) + " first " +
           std::to_string(found.first_index) + " applied " + std::to_string(found.applied_index);
    for (const auto& entry : found.entries)
      out += " [" + std::to_string(entry.term) + " " + entry.payload + "]";
    for (const auto& [key, value] : all_rows(store, group))
      out += " " + key + "=" + value;
    out += "\n";
  }
  return out;
}

} // namespace troupe::test
