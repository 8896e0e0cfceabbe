#include "config/source/paths.hpp"

#include <filesystem>

namespace troupe::config {

namespace fs = std::filesystem;

std::string absolute_path(const std::string& path, const std::string& home,
                          const std::string& base) {
  const bool from_home = !home.empty() && (path == "~" || path.starts_with("~/"));
  const auto whole = from_home ? fs::path(home + path.substr(1)) : fs::path(base) / path;
  auto text = whole.lexically_normal().string();
  while (text.size() > 1 && text.ends_with('/'))
    text.pop_back();
  return text;
}

std::string absolute_folder(const std::string& folder) {
  std::error_code failed;
  const auto base = fs::absolute(folder.empty() ? "." : folder, failed);
  return absolute_path(base.string(), "", "/");
}

} // namespace troupe::config
