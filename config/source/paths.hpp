#pragma once

#include <string>

namespace troupe::config {

/// `~` and `~/x` count from `home` (unless it is empty), a relative path from `base`, which must be
/// absolute. Normal form without a slash at the end. Looks at no disk.
std::string absolute_path(const std::string& path, const std::string& home,
                          const std::string& base);

/// `folder` made absolute; empty stands for the process's own.
std::string absolute_folder(const std::string& folder);

} // namespace troupe::config
