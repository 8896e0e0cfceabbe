#include "persistence/journal/key_range.hpp"

#include "persistence/journal/frame.hpp"

#include <algorithm>

namespace troupe {

std::string store_key(shard_id shard, std::string_view row_key) {
  std::string key;
  key.reserve(sizeof(shard_id::rep) + row_key.size());
  append_u16(key, shard.value());
  key += row_key;
  return key;
}

std::optional<std::string> after_prefix(std::string_view prefix) {
  const auto last = prefix.find_last_not_of('\xff');
  if (last == std::string_view::npos)
    return std::nullopt;
  std::string next{prefix.substr(0, last + 1)};
  next.back() = static_cast<char>(static_cast<unsigned char>(next.back()) + 1);
  return next;
}

key_range::key_range(shard_id shard, std::string_view row_prefix, std::string_view from,
                     scan_order order)
    : prefix(store_key(shard, row_prefix)) {
  if (order == scan_order::ascending) {
    start = std::max(prefix, store_key(shard, from));
    return;
  }
  start = after_prefix(prefix);
  before_start = true;
  if (from.empty())
    return;
  auto wanted = store_key(shard, from);
  if (!start || wanted < *start) {
    start = std::move(wanted);
    before_start = false;
  }
}

} // namespace troupe
