#pragma once

#include "base/ids.hpp"
#include "base/result.hpp"
#include "cluster/raft/raft_shim.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Raft messages between nodes, as bytes.
///
/// Every field is written by name, none by copying a struct: libraft leaves some of them
/// uninitialised. Layout: version (1 byte, now 1), group (2), type (1), from (8), to (8), then the
/// fields of `raft_shim_message` in the order of its declaration, then the entries; integers are
/// little-endian.
namespace troupe {

/// Received bytes over this size are refused before anything is allocated for them.
inline constexpr std::size_t raft_wire_bytes_max = 4u << 20;

struct raft_wire_entry {
  std::uint64_t term = 0;
  std::uint8_t kind = 0;
  std::string_view payload; ///< Points into the log or the received bytes.
};

/// One message with its way. `fields.entries` is not used: the entries are in `entries`.
struct raft_wire_message {
  shard_id group;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  raft_shim_message fields{};
  std::vector<raft_wire_entry> entries;
};

std::string encode(const raft_wire_message& message);
/// The entries point into `bytes`. Errors: `corrupt` (also for a version not read by this build).
result<raft_wire_message> decode_raft_message(std::string_view bytes);

} // namespace troupe
