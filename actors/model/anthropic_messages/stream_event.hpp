#pragma once

#include "actors/model/failure.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::model::anthropic_messages {

/// Counts of `usage`, each as far as it was told: later events tell some of them again.
struct usage_counts {
  std::optional<std::uint64_t> input;
  std::optional<std::uint64_t> output;
  std::optional<std::uint64_t> cache_read;
  std::optional<std::uint64_t> cache_write;
};

/// What one event of the stream says; which members count depends on `type`. The views hold until
/// the next `read_event` on this thread.
struct stream_event {
  std::string_view type; ///< "message_start", "content_block_delta" …
  std::string_view id;   ///< Of the message.
  std::int64_t index = -1;
  struct {
    std::string_view type; ///< "text", "thinking", "redacted_thinking", "tool_use" …
    std::string_view id;
    std::string_view name;
    std::string_view input; ///< A JSON object.
    std::string_view data;  ///< Of thinking that the provider keeps to itself.
  } block;                  ///< content_block_start
  /// Of a delta, or of the block that it begins with.
  std::string_view text;
  std::string_view thinking;
  std::string_view signature;
  std::string_view partial_json;
  std::string_view stop_reason;
  usage_counts usage;
  std::optional<provider_error> failure;
};

/// Reads `json` into `out`. False: it is not the JSON of an event. `json` is the buffer that
/// simdjson may read beyond, so it is grown, not changed.
/// Unknown events and fields are skipped; `null` is the same as absent.
bool read_event(std::string& json, stream_event& out);

} // namespace troupe::model::anthropic_messages
