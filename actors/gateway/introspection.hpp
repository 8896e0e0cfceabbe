#pragma once

#include "actors/support/registry.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::gateway {

/// `GET /introspect/actors?kind=&prefix=&top=N&by=inbox|handled|busy|restarts`: the live actors as
/// JSON, filtered; with `by`, the greatest first. Unknown parameters are ignored.
std::string actors_report(std::vector<actor_info> actors, std::string_view query);

} // namespace troupe::gateway
