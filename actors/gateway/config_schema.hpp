#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace troupe::gateway {

/// The result of `config.schema`: the JSON Schema of what is built. Source: protocol section 10.
std::string config_schema_report(std::string_view version, std::int64_t now_ms);

/// The result of `config.schema.lookup`: one node and a line about each child. Where the user
/// chooses the keys, any key leads on, and the children have one entry `*`.
/// Errors: `invalid_argument` (no path), `not_found` (nothing is built there).
result<std::string> config_schema_lookup(std::string_view path);

} // namespace troupe::gateway
