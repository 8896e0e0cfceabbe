#pragma once

#include "persistence/journal/row_store.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace troupe {

/// Visits every row below `prefix` in order, up to the first failure, which is returned.
inline result<void>
scan_rows(const row_snapshot& rows, shard_id shard, const std::string& prefix,
          const std::function<result<void>(std::string_view, std::string_view)>& visit) {
  result<void> outcome = boost::outcome_v2::success();
  TR_TRY(rows.scan(shard, prefix, {}, scan_order::ascending,
                   [&](std::string_view key, std::string_view value) {
                     outcome = visit(key, value);
                     return outcome ? scan_step::more : scan_step::stop;
                   }));
  return outcome;
}

} // namespace troupe
