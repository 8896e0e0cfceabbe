#pragma once

#include "base/result.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

/// The process's log: one JSON object per line to a file, one readable line to stderr.
/// Thread: every function may be called from any thread; writing never blocks on the network.
/// Text from outside is escaped and cut at `log_field_bytes_max`, so that it cannot forge a line.
namespace troupe::log {

inline constexpr std::size_t log_field_bytes_max = 2048;

enum class level { trace, debug, info, warn, error, off };

/// `console`: what goes to stderr; `file`: what goes to `file_path` (empty: no file). The file is
/// rotated at 16 MiB, three old ones are kept.
struct options {
  level console = level::info;
  level file = level::info;
  std::string file_path;
};

result<void> start(const options& chosen);
/// From the next line on. Does nothing before `start`.
void set_levels(level console, level file);
/// Flushes and closes. Later lines are dropped.
void stop();

bool enabled(level wanted);
/// `area` is the room that speaks: "conversation", "raft".
void write(level wanted, std::string_view area, std::string_view message);

/// "trace", "debug", "info", "warn", "error", "fatal" (= error), "silent" (= off).
result<level> level_from_name(std::string_view name);

template <class... Args>
void debug(std::string_view area, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(level::debug))
    write(level::debug, area, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(std::string_view area, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(level::info))
    write(level::info, area, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warn(std::string_view area, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(level::warn))
    write(level::warn, area, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(std::string_view area, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(level::error))
    write(level::error, area, fmt::format(format, std::forward<Args>(args)...));
}

} // namespace troupe::log
