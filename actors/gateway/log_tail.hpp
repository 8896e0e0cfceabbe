#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::gateway {

inline constexpr std::int64_t log_lines_default = 500;
inline constexpr std::int64_t log_lines_max = 5'000;
inline constexpr std::int64_t log_bytes_default = 250'000;
inline constexpr std::int64_t log_bytes_max = 1'000'000;

/// What `logs.tail` asks for. Source: protocol.md section 13.
struct log_query {
  std::string file;
  std::optional<std::uint64_t> cursor; ///< Where the last answer ended; unset: the newest lines.
  std::size_t lines_max = static_cast<std::size_t>(log_lines_default);
  std::size_t bytes_max = static_cast<std::size_t>(log_bytes_default);
};

struct log_page {
  std::uint64_t cursor = 0; ///< Behind the last whole line.
  std::uint64_t size = 0;   ///< Of the file.
  std::vector<std::string> lines;
  bool truncated = false;          ///< There was more than is shown.
  bool reset = false;              ///< The cursor could not be gone on from: lines are missing.
  std::uint64_t skipped_bytes = 0; ///< Between the cursor and what is shown.
};

/// Reads whole lines from the end of a file or behind a cursor. Blocks on the disk: not for actors'
/// threads. A file that is not there (yet) has no lines. Errors: `storage_failed`.
result<log_page> read_log(const log_query& query);

/// The result of `logs.tail`.
std::string log_page_json(const log_query& query, const log_page& page);

} // namespace troupe::gateway
