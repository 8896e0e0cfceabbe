#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Text on its way into JSON and close frames. Pure; whatever comes in, valid UTF-8 goes out.
namespace troupe::net::frames {

/// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD, one for
/// each maximal broken piece (Unicode 15, section 3.9), so that a tool's raw output cannot make a
/// frame that clients refuse.
void append_json_string(std::string& out, std::string_view text);
std::string json_string(std::string_view text);

/// Length of the well-formed UTF-8 sequence at the start of `text`; 0 when there is none.
std::size_t utf8_sequence_bytes(std::string_view text);

/// Bytes of `text` that end at a whole UTF-8 sequence: one that has only begun at the end is left
/// out. What is broken further in is not looked at.
std::size_t whole_utf8_prefix(std::string_view text);
/// At most `bytes_max` bytes of `text`, never cut inside a sequence.
std::string_view cut_utf8(std::string_view text, std::size_t bytes_max);

/// A close frame carries at most 125 bytes, two of which are the code (RFC 6455, section 5.5).
inline constexpr std::size_t close_reason_bytes_max = 123;

/// `reason` as it may be sent: repaired like a JSON string and cut to 123 bytes, never inside a
/// UTF-8 sequence.
std::string close_reason(std::string_view reason);

} // namespace troupe::net::frames
