#pragma once

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Paths into a config as people write them: `gateway.port`, `models.providers.p.models[0].id`,
/// `env.vars["A.B"]`. Pure.
namespace troupe::config {

/// Anything longer is no path of a config, whose depth is bounded.
inline constexpr std::size_t path_steps_max = 128;

/// The keys and indexes of a path; nothing when it does not parse. Empty text: no steps.
std::optional<std::vector<std::string>> path_steps(std::string_view path);

/// The member or element `step` of `value`, or null.
const boost::json::value* child_of(const boost::json::value& value, const std::string& step);

/// Where `steps` lead, or null. Where a key itself has a dot ("gpt-4.1"), several steps are one
/// key.
const boost::json::value* find_path(const boost::json::value& from,
                                    const std::vector<std::string>& steps);

/// `path` is `root` or lies below it, by whole steps.
bool lies_within(std::string_view path, std::string_view root);

/// Puts `value` at `steps`, making objects on the way; false where the way leads through something
/// that is no object, or to an element that is not there. An index one past the end appends.
bool assign_path(boost::json::value& root, const std::vector<std::string>& steps,
                 boost::json::value value);
/// Takes away what is at `steps`; false when nothing is.
bool erase_path(boost::json::value& root, const std::vector<std::string>& steps);

} // namespace troupe::config
