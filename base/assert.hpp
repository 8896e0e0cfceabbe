#pragma once

#include <source_location>
#include <string_view>

namespace troupe {

/// Reports a broken invariant of our own with its place, and aborts. Used by TR_ASSERT.
[[noreturn]] void assertion_failed(std::string_view expression, std::string_view message,
                                   std::source_location where = std::source_location::current());

} // namespace troupe

/// Checked in every build: a broken invariant of our own stops the process, it never goes on.
#define TR_ASSERT(condition, message)                                                              \
  do {                                                                                             \
    if (!(condition)) [[unlikely]]                                                                 \
      ::troupe::assertion_failed(#condition, (message));                                           \
  } while (false)
