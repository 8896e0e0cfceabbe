#pragma once

#include "config/load.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Changing a config as written. Pure. Source: protocol section 10, features section 1 ("Config
/// RPC", "$include").
namespace troupe::config {

/// JSON as a person would write it: two spaces deep, a line end after the last brace.
std::string render(const boost::json::value& value);

/// A text that replaces the whole config, or that is merged into it.
struct edit {
  enum class kind { replace, merge };
  kind how = kind::replace;
  std::string raw; ///< JSON5.
  /// Merging only: arrays that may lose entries.
  std::vector<std::string> replace_paths;
};

/// The config as it would be written: `source` after `what`.
/// Merging: an object is merged member by member and null takes a member away. Arrays of objects
/// with an `id` are merged by it; any other array is replaced, and one that would lose entries is
/// refused unless `replace_paths` names it. `__OPENCLAW_REDACTED__` stands for the value that is
/// there.
/// A finding: `raw` is not JSON5, is no object, or asks for what is refused.
std::variant<boost::json::value, finding> apply_edit(const boost::json::value& source,
                                                     const edit& what);

/// Why the difference must not be written into this file: it lies in, adds or removes an
/// `$include`, so that it is not clear which file owns it. Empty: it may.
std::string include_objection(const boost::json::value& before, const boost::json::value& after);

} // namespace troupe::config
