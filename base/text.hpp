#pragma once

#include <span>
#include <string>
#include <string_view>

namespace troupe {

/// `text` without the characters of `blanks` at its ends. A view into `text`.
std::string_view trimmed(std::string_view text, std::string_view blanks = " \t\r\n");

/// Two lower-case digits a byte.
std::string to_hex(std::span<const unsigned char> bytes);

} // namespace troupe
