#pragma once

#include "base/ids.hpp"
#include "base/result.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

enum class scan_step { more, stop };
enum class scan_order { ascending, descending };

/// One consistent picture of the committed and applied rows of all shards: a batch is seen whole or
/// not at all. Short-lived: never keep it across a wait, it pins pages of the store.
/// Thread: one thread at a time.
class row_snapshot {
public:
  virtual ~row_snapshot() = default;
  virtual result<std::optional<std::string>> get(shard_id shard, std::string_view key) const = 0;
  /// Visits the rows below `prefix` in key order, from the first key >= `from` (ascending) or the
  /// last <= `from` (descending); empty: from the end of the prefix. `visit` must not call back
  /// into the store; the keys and values that it sees live as long as the snapshot.
  virtual result<void>
  scan(shard_id shard, std::string_view prefix, std::string_view from, scan_order order,
       const std::function<scan_step(std::string_view key, std::string_view value)>& visit)
      const = 0;
};

/// Reads of what is committed and applied. Sees every batch whose `propose` reported `committed`.
/// Thread: any. Costs microseconds; pages come from the memory map.
class row_store {
public:
  virtual ~row_store() = default;
  virtual std::unique_ptr<row_snapshot> snapshot() const = 0;
};

} // namespace troupe
