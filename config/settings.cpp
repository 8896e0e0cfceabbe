#include "config/settings.hpp"

#include <algorithm>

namespace troupe::config {

const agent_settings* agents_settings::find(std::string_view id) const {
  const auto found = std::ranges::find(entries, id, &agent_settings::id);
  return found == entries.end() ? nullptr : &*found;
}

} // namespace troupe::config
