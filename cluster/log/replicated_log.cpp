#include "cluster/log/replicated_log.hpp"

#include "base/checksum.hpp"

namespace troupe {

shard_id replicated_log::shard_of(std::string_view canonical_key) const {
  return shard_id{static_cast<std::uint16_t>(key_hash(canonical_key) % shards())};
}

} // namespace troupe
