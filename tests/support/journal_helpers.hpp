#pragma once

#include "persistence/journal/journal.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>
#include <vector>

/// Reading whole shards in tests.
namespace troupe::test {

using row_map = std::map<std::string, std::string>;
using keys = std::vector<std::string>;

inline keys scan_keys(const row_snapshot& rows, shard_id shard, std::string_view prefix,
                      std::string_view from, scan_order order) {
  keys out;
  REQUIRE(rows.scan(shard, prefix, from, order, [&](std::string_view key, std::string_view) {
    out.emplace_back(key);
    return scan_step::more;
  }));
  return out;
}

inline row_map all_rows(const row_snapshot& rows, shard_id shard) {
  row_map out;
  REQUIRE(rows.scan(shard, "", "", scan_order::ascending,
                    [&](std::string_view key, std::string_view value) {
                      out.emplace(key, value);
                      return scan_step::more;
                    }));
  return out;
}

inline row_map all_rows(const journal& store, shard_id shard) {
  return all_rows(*store.rows().snapshot(), shard);
}

} // namespace troupe::test
