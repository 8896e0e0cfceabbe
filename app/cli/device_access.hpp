#pragma once

#include "app/cli/one_call.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

/// What the verbs under `devices` share: they look at the list first, then act with no more scopes
/// than the device in question needs.
namespace troupe::cli {

/// `device.pair.list`, asked with scope operator.pairing.
outcome<boost::json::value> list_devices(const verb_context& with, time_point deadline);

/// The one entry of `list[part]` whose `name` begins with `wanted`. Errors: `not_found`,
/// `ambiguous`.
outcome<boost::json::value> find_entry(const boost::json::value& list, std::string_view part,
                                       std::string_view name, std::string_view wanted);

/// The texts of an array, such as an entry's scopes.
std::vector<std::string> texts_at(const boost::json::value& from, std::string_view path);

/// Calls `method` with scope operator.pairing and `also`.
outcome<boost::json::value> order_devices(const verb_context& with, const std::string& method,
                                          boost::json::object params,
                                          const std::vector<std::string>& also,
                                          time_point deadline);

/// Device ids are long; their beginning names them well enough.
std::string short_id(std::string_view id);

} // namespace troupe::cli
