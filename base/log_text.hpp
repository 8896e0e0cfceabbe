#pragma once

#include "base/log.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::log {

/// Of what somebody else wrote, within a message.
inline constexpr std::size_t outside_bytes_max = 256;

/// `text` as the body of a JSON string on one line, cut at `log_field_bytes_max`: nothing in it can
/// end the string or the line, move a terminal's cursor or reorder what stands beside it. Always
/// valid UTF-8.
std::string message_text(std::string_view text);

/// For what strangers, clients or providers wrote: its beginning, whole characters, with "…" when
/// something is missing.
std::string outside(std::string_view text);

} // namespace troupe::log
