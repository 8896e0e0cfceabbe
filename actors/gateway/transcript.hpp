#pragma once

#include "actors/gateway/json_writer.hpp"
#include "persistence/tables/conversation_tables.hpp"

#include <cstddef>
#include <limits>
#include <string_view>

namespace troupe::gateway {

/// How much of a message's text is shown; the rest is replaced by a note.
struct message_bounds {
  std::size_t text_bytes_max = std::numeric_limits<std::size_t>::max();
};

/// One transcript message. Source: protocol.md section 6. `session_id` names the transcript in
/// `transcriptPosition`.
void write_message(json_writer& out, const tables::message_row& row, std::string_view session_id,
                   const message_bounds& bounds = {});

/// A text as a JSON string, within its bounds.
void write_text(json_writer& out, std::string_view text, const message_bounds& bounds);

/// The live message of a chat event: only text.
void write_chat_message(json_writer& out, std::string_view text, wall_ms at);

/// "Read" for the tool "read".
std::string tool_title(std::string_view name);

} // namespace troupe::gateway
