#include "actors/gateway/http_api/body.hpp"

#include "actors/gateway/limits.hpp"

#include <boost/json/stream_parser.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace troupe::gateway::http_api {
namespace {

namespace json = boost::json;

api_error not_json(std::string_view text, std::size_t at, const std::string& why) {
  const auto before = text.substr(0, at);
  const auto line = std::ranges::count(before, '\n') + 1;
  const auto line_start = before.rfind('\n');
  const auto column = line_start == std::string_view::npos ? at + 1 : at - line_start;
  return bad_request(
      fmt::format("Invalid JSON: {} at position {} (line {} column {})", why, at, line, column));
}

} // namespace

api_result<json::object> parse_body(std::string_view text) {
  json::parse_options options;
  options.max_depth = json_depth_max;
  json::stream_parser parser{{}, options};
  json::error_code failed;
  const auto read = parser.write_some(text.data(), text.size(), failed);
  if (!failed && read < text.size())
    failed = json::error::extra_data;
  if (!failed)
    parser.finish(failed);
  if (failed)
    return not_json(text, read, failed.message());
  auto value = parser.release();
  if (!value.is_object())
    return bad_request("The request body must be a JSON object.");
  return std::move(value.get_object());
}

const json::value* member(const json::object& of, std::string_view name) {
  const auto* found = of.if_contains(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::string_view string_member(const json::object& of, std::string_view name) {
  const auto* found = member(of, name);
  return found != nullptr && found->is_string() ? std::string_view{found->get_string()}
                                                : std::string_view{};
}

bool true_member(const json::object& of, std::string_view name) {
  const auto* found = member(of, name);
  return found != nullptr && found->is_bool() && found->get_bool();
}

api_result<std::optional<double>> number_member(const json::object& of, std::string_view name,
                                                int min, int max) {
  const auto* found = member(of, name);
  if (found == nullptr)
    return std::optional<double>{};
  if (found->is_number()) {
    const auto number = found->to_number<double>();
    if (std::isfinite(number) && number >= min && number <= max)
      return std::optional<double>{number};
  }
  return bad_request(fmt::format("`{}` must be between {} and {}.", name, min, max));
}

api_result<std::optional<std::uint32_t>> count_member(const json::object& of,
                                                      std::string_view name) {
  const auto* found = member(of, name);
  if (found == nullptr)
    return std::optional<std::uint32_t>{};
  if (found->is_number()) {
    const auto number = found->to_number<double>();
    if (number >= 1 && number == std::floor(number))
      return std::optional<std::uint32_t>{static_cast<std::uint32_t>(
          std::min(number, double{std::numeric_limits<std::uint32_t>::max()}))};
  }
  return bad_request(fmt::format("`{}` must be a positive integer.", name));
}

} // namespace troupe::gateway::http_api
