#include "base/log.hpp"

#include "base/log_text.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <atomic>
#include <memory>
#include <mutex>

namespace troupe::log {
namespace {

constexpr std::size_t file_bytes_max = 16u << 20;
constexpr std::size_t old_files_max = 3;

struct sinks {
  std::shared_ptr<spdlog::logger> console;
  std::shared_ptr<spdlog::logger> file;
};

std::mutex guard;
sinks current;
std::atomic<level> lowest{level::off};

spdlog::level::level_enum to_spdlog(level wanted) {
  switch (wanted) {
  case level::trace:
    return spdlog::level::trace;
  case level::debug:
    return spdlog::level::debug;
  case level::info:
    return spdlog::level::info;
  case level::warn:
    return spdlog::level::warn;
  case level::error:
    return spdlog::level::err;
  case level::off:
    break;
  }
  return spdlog::level::off;
}

std::string_view name_of(level wanted) {
  static constexpr std::string_view names[] = {"trace", "debug", "info", "warn", "error", "off"};
  return names[static_cast<std::size_t>(wanted)];
}

} // namespace

result<void> start(const options& chosen) {
  sinks made;
  try {
    auto console_sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
    made.console = std::make_shared<spdlog::logger>("console", console_sink);
    made.console->set_pattern("%H:%M:%S.%e %^%-5l%$ %v");
    made.console->set_level(to_spdlog(chosen.console));
    if (!chosen.file_path.empty()) {
      auto file_sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
          chosen.file_path, file_bytes_max, old_files_max);
      made.file = std::make_shared<spdlog::logger>("file", file_sink);
      made.file->set_pattern("{\"time\":\"%Y-%m-%dT%H:%M:%S.%e%z\",%v}");
      made.file->set_level(to_spdlog(chosen.file));
      // What an operator looks for is there after a crash, and for whoever follows the file.
      made.file->flush_on(spdlog::level::info);
    }
  } catch (const std::exception& failure) {
    return troupe::error{errc::storage_failed, fmt::format("cannot write the log file {}: {}",
                                                           chosen.file_path, failure.what())};
  }
  const std::scoped_lock lock{guard};
  current = std::move(made);
  lowest = chosen.file_path.empty() ? chosen.console : std::min(chosen.console, chosen.file);
  return boost::outcome_v2::success();
}

void set_levels(level console, level file) {
  const std::scoped_lock lock{guard};
  if (!current.console)
    return;
  current.console->set_level(to_spdlog(console));
  if (current.file)
    current.file->set_level(to_spdlog(file));
  lowest = current.file ? std::min(console, file) : console;
}

void stop() {
  const std::scoped_lock lock{guard};
  lowest = level::off;
  if (current.file)
    current.file->flush();
  current = {};
}

bool enabled(level wanted) {
  return wanted >= lowest.load(std::memory_order_relaxed);
}

void write(level wanted, std::string_view area, std::string_view message) {
  sinks to;
  {
    const std::scoped_lock lock{guard};
    to = current;
  }
  const auto text = message_text(message);
  if (to.console)
    to.console->log(to_spdlog(wanted), "{}: {}", area, text);
  if (to.file)
    to.file->log(to_spdlog(wanted), "\"level\":\"{}\",\"area\":\"{}\",\"message\":\"{}\"",
                 name_of(wanted), area, text);
}

result<level> level_from_name(std::string_view name) {
  if (name == "fatal")
    return level::error;
  if (name == "silent")
    return level::off;
  for (const auto candidate : {level::trace, level::debug, level::info, level::warn, level::error})
    if (name_of(candidate) == name)
      return candidate;
  return troupe::error{errc::invalid_argument, fmt::format("unknown log level \"{}\"", name)};
}

} // namespace troupe::log
