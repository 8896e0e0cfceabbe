#pragma once

#include "actors/model/types.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::model::anthropic_messages {

/// A member of a content block: the provider keeps what it read up to and with this block.
inline constexpr std::string_view cache_mark = R"(,"cache_control":{"type":"ephemeral"})";

/// Whether a text has no character but white space: the API refuses such blocks.
bool is_blank(std::string_view text);

/// Where the open round begins: behind the last words of the user.
std::size_t round_start(const prompt_messages& messages);

/// Appends `,"messages":[…]`. See `build_request`.
void append_messages(std::string& out, const prompt_messages& messages);

} // namespace troupe::model::anthropic_messages
