#pragma once

#include "base/result.hpp"

#include <string>

namespace troupe::config {

/// The whole of a regular file of at most `bytes_max` bytes. Blocks on the disk.
/// Errors: `not_found`; `forbidden`; `invalid_argument` (no regular file, or too large);
/// `storage_failed`.
result<std::string> read_file(const std::string& path, std::size_t bytes_max);
/// The same for a file that is open; `path` is for the words of an error.
result<std::string> read_open_file(int descriptor, const std::string& path, std::size_t bytes_max);

} // namespace troupe::config
