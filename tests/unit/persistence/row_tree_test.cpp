#include "persistence/journal/row_tree.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <map>

using namespace troupe;

namespace {

using model = std::map<std::string, std::optional<std::string>>;

std::string key_at(const row_tree::row* row) {
  return row == nullptr ? "none" : row->key;
}

std::string key_at(const model& rows, model::const_iterator at) {
  return at == rows.end() ? "none" : at->first;
}

std::string key_before(const model& rows, model::const_iterator at) {
  return at == rows.begin() ? "none" : std::prev(at)->first;
}

void check_same(const row_tree& tree, const model& rows, const std::string& key) {
  const auto* found = tree.find(key);
  const auto expected = rows.find(key);
  RC_ASSERT((found != nullptr) == (expected != rows.end()));
  if (found != nullptr)
    RC_ASSERT(found->value == expected->second);
  RC_ASSERT(key_at(tree.first_at_or_after(key)) == key_at(rows, rows.lower_bound(key)));
  RC_ASSERT(key_at(tree.first_after(key)) == key_at(rows, rows.upper_bound(key)));
  RC_ASSERT(key_at(tree.last_at_or_before(key)) == key_before(rows, rows.upper_bound(key)));
  RC_ASSERT(key_at(tree.last_before(key)) == key_before(rows, rows.lower_bound(key)));
  RC_ASSERT(key_at(tree.last()) == key_before(rows, rows.end()));
  auto expected_row = rows.begin();
  tree.for_each([&](const row_tree::row& row) { RC_ASSERT(row.key == (expected_row++)->first); });
  RC_ASSERT(expected_row == rows.end());
}

} // namespace

TEST_CASE("row tree: behaves as an ordered map, and older versions stay as they were") {
  CHECK(rc::check([] {
    const auto keys = rc::gen::container<std::string>(rc::gen::inRange('a', 'd'));
    row_tree tree;
    model rows;
    row_tree older;
    model older_rows;
    const auto steps = *rc::gen::inRange(0, 60);
    for (int step = 0; step < steps; ++step) {
      const auto key = *keys;
      const auto kind = *rc::gen::inRange(0, 4);
      if (kind == 0) {
        tree = tree.without(key);
        rows.erase(key);
      } else {
        const auto value = kind == 1 ? std::nullopt : std::optional{std::to_string(step)};
        tree = tree.with({key, value});
        rows[key] = value;
      }
      if (step == steps / 2) {
        older = tree;
        older_rows = rows;
      }
    }
    const auto key = *keys;
    check_same(tree, rows, key);
    check_same(older, older_rows, key);
    RC_ASSERT(tree.empty() == rows.empty());
  }));
}
