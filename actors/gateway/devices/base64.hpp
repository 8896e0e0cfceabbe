#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe::gateway {

/// base64url without padding (RFC 4648 section 5).
std::string base64url(std::string_view bytes);

/// Takes both alphabets, with or without padding. Nothing when a character or the length is wrong,
/// or when bits that carry nothing are set: one value has one text.
std::optional<std::string> from_base64(std::string_view text);

} // namespace troupe::gateway
