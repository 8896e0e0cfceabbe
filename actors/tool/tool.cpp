#include "actors/tool/tool.hpp"

#include "actors/tool/built_in.hpp"
#include "base/assert.hpp"

#include <algorithm>

namespace troupe {

void tool_catalog::add(tool_declaration tool) {
  TR_ASSERT(find(tool.name) == nullptr, "a tool is declared once");
  tools_.push_back(std::move(tool));
}

const tool_declaration* tool_catalog::find(std::string_view name) const {
  const auto found = std::ranges::find(tools_, name, &tool_declaration::name);
  return found == tools_.end() ? nullptr : &*found;
}

tool_catalog built_in_tools() {
  tool_catalog tools;
  tools.add(session_status_tool());
  tools.add(read_tool());
  tools.add(ls_tool());
  return tools;
}

} // namespace troupe
