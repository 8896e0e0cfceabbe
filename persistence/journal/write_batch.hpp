#pragma once

#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// Row keys are 1 … this many bytes: LMDB takes 511, and the store puts the shard in front.
inline constexpr std::size_t row_key_bytes_max = 480;

/// One put (`value` set) or erase of a row. Keys are relative to the shard: table byte, then the
/// table's own key (docs/formats/tables.md).
struct row_write {
  std::string key;
  std::optional<std::string> value;
};

/// What one entry of a shard's log does to the rows: computed by the leader, applied blindly and
/// atomically by every replica. Later writes of the same key win.
class write_batch {
public:
  /// The encoded size over which a batch is refused (architecture 6.7).
  static constexpr std::size_t encoded_bytes_max = 256u << 10;

  /// A key that is empty or longer than `row_key_bytes_max` is a caller's bug: keys made from text
  /// of any length hold a digest (docs/formats/tables.md).
  void put(std::string key, std::string value);
  void erase(std::string key);
  /// Appends all writes of `other` behind ours.
  void append(write_batch other);

  bool empty() const { return writes_.empty(); }
  const std::vector<row_write>& writes() const { return writes_; }
  /// An upper bound of `encode().size()`.
  std::size_t encoded_bytes() const { return encoded_bytes_; }

  /// The log entry's payload: docs/formats/log.md.
  std::string encode() const;
  /// Errors: `corrupt` (also for a version this build does not read).
  static result<write_batch> decode(std::string_view payload);

private:
  std::vector<row_write> writes_;
  std::size_t encoded_bytes_ = 16;
};

} // namespace troupe
