#pragma once

#include "base/result.hpp"
#include "config/edit/edit.hpp"
#include "config/load.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace troupe::config {

/// A change that was found good, to be written by `write_change`.
struct planned_change {
  std::string path;
  std::optional<std::string> before; ///< The file's text that it was made from; unset: no file.
  std::string text;                  ///< What the file will hold.
  std::vector<std::string> changed;  ///< Paths; empty: there is nothing to write.
  load_outcome next;                 ///< What the gateway makes of it; always has a `config`.
};

/// A change that must not be written.
struct refused_change {
  std::vector<finding> findings; ///< At least one; lines count in what would have been written.
};

/// Checks that the config may become `next`: it would be accepted by a start, no `$include` makes
/// its owner doubtful, and the file is ours (OpenClaw's own files are never written to). `now`:
/// what `load(options)` said. Writes nothing; reads the included files, `.env` files and secrets.
std::variant<planned_change, refused_change>
plan_change(const load_options& options, const load_outcome& now, const boost::json::value& next);

/// Puts the text in the place of the file: a temporary file, synced, renamed, the folder synced. It
/// keeps the mode and owner of the file; a new one has mode 0600. What was there is kept beside it,
/// as `<file>.bak`; comments are lost with it, as with OpenClaw.
/// Blocks on the disk. Two that write at once: one of them fails.
/// Errors: `cancelled` (the file is not what the change was made from: read it again), `forbidden`,
/// `storage_full`, `storage_failed`; then the file is as it was.
result<void> write_change(const planned_change& change);

} // namespace troupe::config
