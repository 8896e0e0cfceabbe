#pragma once

#include <cstdint>
#include <string_view>

namespace troupe {

/// Reports a broken invariant of our own with its place, and aborts. Used by TR_ASSERT.
/// File and line come from the macro: clang 14, which builds the fuzz targets, does not know
/// std::source_location.
[[noreturn]] void assertion_failed(std::string_view expression, std::string_view message,
                                   const char* file, std::uint32_t line);

} // namespace troupe

/// Checked in every build: a broken invariant of our own stops the process, it never goes on.
#define TR_ASSERT(condition, message)                                                              \
  do {                                                                                             \
    if (!(condition)) [[unlikely]]                                                                 \
      ::troupe::assertion_failed(#condition, (message), __FILE__, __LINE__);                       \
  } while (false)
