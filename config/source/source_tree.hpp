#pragma once

#include "config/json5/reader.hpp"
#include "config/load.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace troupe::config {

inline constexpr unsigned include_depth_max = 10;
inline constexpr std::size_t include_path_chars_max = 4096;
/// Of one config, all included files together with the bound on their bytes.
inline constexpr std::size_t source_files_max = 256;

/// A config with its includes merged, and where everything stands.
struct source_tree {
  std::string text;               ///< Of the first file.
  boost::json::value root;        ///< The same, parsed.
  boost::json::value merged;      ///< After `$include`.
  json5::places where;            ///< Of `merged`.
  std::vector<std::string> files; ///< `places::file` counts in here; the first is the config.
};

/// Reads `path` and what it includes. `{$include: "./x.json5"}` stands for the file's content, an
/// array of paths for their deep merge in order, members beside it are merged last. In a merge,
/// objects unite, arrays are joined, anything else is replaced.
/// Paths count from the including file and must lie, links resolved, below the config's folder or
/// one of `include_roots`.
/// `text`: stands for what the first file holds.
/// Source: features section 1, `$include`.
std::variant<source_tree, finding> read_source(const std::string& path,
                                               const std::vector<std::string>& include_roots,
                                               const std::optional<std::string>& text = {});

} // namespace troupe::config
