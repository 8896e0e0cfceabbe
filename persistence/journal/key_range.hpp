#pragma once

#include "base/ids.hpp"
#include "persistence/journal/row_store.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// Shard and row key as one key of the store: docs/formats/log.md.
std::string store_key(shard_id shard, std::string_view row_key);

/// The first key behind all keys that start with `prefix`; nullopt when there is none (0xff…).
std::optional<std::string> after_prefix(std::string_view prefix);

/// Where a scan begins and which keys belong to it, worked out once.
struct key_range {
  key_range(shard_id shard, std::string_view row_prefix, std::string_view from, scan_order order);

  bool contains(std::string_view key) const { return key.starts_with(prefix); }

  std::string prefix; ///< Shard and prefix.
  /// Ascending: begin at the first key >= start. Descending: at the last key <= start, or
  /// < start when `before_start`; nullopt: at the last key of all.
  std::optional<std::string> start;
  bool before_start = false;
};

} // namespace troupe
