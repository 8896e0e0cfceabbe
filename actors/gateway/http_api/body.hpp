#pragma once

#include "actors/gateway/http_api/api_error.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>

/// Request bodies: JSON objects from outside. A member that is null counts as absent.
namespace troupe::gateway::http_api {

/// Errors: 400, where the text stops being JSON or nests too deep, with line and column.
api_result<boost::json::object> parse_body(std::string_view text);

/// Null when it is absent.
const boost::json::value* member(const boost::json::object& of, std::string_view name);
/// Empty when it is absent or no string.
std::string_view string_member(const boost::json::object& of, std::string_view name);
bool true_member(const boost::json::object& of, std::string_view name);
/// Errors: 400 when it is there and no number from `min` to `max`.
api_result<std::optional<double>> number_member(const boost::json::object& of,
                                                std::string_view name, int min, int max);
/// Errors: 400 when it is there and no whole number from 1 on. Larger ones are cut to 32 bits.
api_result<std::optional<std::uint32_t>> count_member(const boost::json::object& of,
                                                      std::string_view name);

} // namespace troupe::gateway::http_api
