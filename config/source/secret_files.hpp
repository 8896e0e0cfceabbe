#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::config {

/// A file with secrets in it, as `secrets.providers.<alias>` declares one.
/// Source: features section 1, "File provider".
struct secret_file {
  std::string path;          ///< Absolute.
  bool single_value = false; ///< The whole file is the one secret; else it is a JSON document.
  std::size_t bytes_max = 1u << 20;
};

/// The secrets of files, each read once in the life of this object: one loading of a config.
/// A file must be a regular file of this user with one name (no symlink, no second hard link) that
/// nobody else can read or write. Blocks on the disk. One thread.
class secret_files {
public:
  /// `id`: an absolute JSON pointer (RFC 6901) to a string, or "value" for a single-value file,
  /// whose last line end is no part of the secret.
  /// Errors, with the path but never a value: `not_found` (no file, or nothing at the pointer),
  /// `forbidden` (others have access to it, a link), `invalid_argument` (too large, no JSON, no
  /// string, an id of the wrong form), `storage_failed`.
  result<secret> read(const secret_file& from, std::string_view id);

private:
  struct content {
    std::string path;
    result<secret> text;
  };
  const result<secret>& text_of(const secret_file& from);

  std::vector<content> read_; ///< A handful: searched in order.
};

} // namespace troupe::config
