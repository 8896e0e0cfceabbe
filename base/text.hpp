#pragma once

#include <span>
#include <string>
#include <string_view>

namespace troupe {

/// `text` without the characters of `blanks` at its ends. A view into `text`.
std::string_view trimmed(std::string_view text, std::string_view blanks = " \t\r\n");

/// With its ASCII letters in lower case.
std::string to_lower(std::string_view text);

/// Two lower-case digits a byte.
std::string to_hex(std::span<const unsigned char> bytes);

} // namespace troupe
