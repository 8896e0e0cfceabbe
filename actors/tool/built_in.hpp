#pragma once

#include "actors/tool/tool.hpp"

namespace troupe {

/// Date and time in the host's time zone, model, session. Pure.
tool_declaration session_status_tool();
/// `{path, offset?, limit?}`: lines of a text file of the workspace. Repeatable.
tool_declaration read_tool();
/// `{path?}`: entries of a directory of the workspace. Repeatable.
tool_declaration ls_tool();

} // namespace troupe
