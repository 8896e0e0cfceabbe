#pragma once

#include "base/file_handle.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>

namespace troupe {

enum class beneath_kind { regular_file, directory };

/// Opens `path` for reading below `root` with `openat2(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
/// RESOLVE_NO_MAGICLINKS)`: nothing outside is reached, whatever is swapped meanwhile. `path` is
/// relative, or absolute inside `root`. Blocks on the disk only: FIFOs and devices are refused
/// without opening them for reading.
/// Errors: `not_found`, `forbidden` (outside, a link, no permission), `invalid_argument` (not of
/// `kind`), all with a text that a model can act on.
result<file_handle> open_beneath(const std::string& root, std::string_view path, beneath_kind kind);

} // namespace troupe
