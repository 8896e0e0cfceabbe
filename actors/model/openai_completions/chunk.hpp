#pragma once

#include "actors/model/failure.hpp"
#include "actors/model/tool_calls.hpp"
#include "actors/model/types.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::model::openai_completions {

/// What one `chat.completion.chunk` says. The views hold until the next `read_chunk` on this
/// thread.
struct chunk {
  std::string_view id;
  std::string_view content;
  std::string_view thinking; ///< `reasoning_content` or `reasoning`, as DeepSeek and others send.
  std::string_view finish_reason;
  std::vector<tool_call_delta> tool_calls;
  std::optional<model_usage> usage;
  std::optional<provider_error> failure;
};

/// Reads `json` into `out`. False: it is not the JSON of a chunk. `json` is used as the buffer that
/// simdjson may read beyond, so it is grown, not changed.
/// Unknown fields are skipped; `null` is the same as absent. Cost: about 0.3 us for a text delta.
bool read_chunk(std::string& json, chunk& out);

} // namespace troupe::model::openai_completions
