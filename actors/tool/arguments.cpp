#include "actors/tool/arguments.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace troupe {

result<tool_arguments> tool_arguments::parse(std::string_view text) {
  boost::system::error_code failure;
  auto value = boost::json::parse(text.empty() ? "{}" : text, failure);
  if (failure || !value.is_object())
    return error{errc::invalid_argument, "the arguments are not a JSON object"};
  tool_arguments out;
  out.values_ = std::move(value.as_object());
  return out;
}

result<std::string> tool_arguments::text(std::string_view name) const {
  const auto* value = values_.if_contains(name);
  if (value == nullptr || !value->is_string() || value->as_string().empty())
    return error{errc::invalid_argument, fmt::format("\"{}\" must be a non-empty string", name)};
  return std::string{value->as_string()};
}

std::string tool_arguments::text_or(std::string_view name, std::string otherwise) const {
  const auto* value = values_.if_contains(name);
  if (value == nullptr || !value->is_string() || value->as_string().empty())
    return otherwise;
  return std::string{value->as_string()};
}

result<std::uint64_t> tool_arguments::number_or(std::string_view name, std::uint64_t otherwise,
                                                std::uint64_t least, std::uint64_t most) const {
  const auto* value = values_.if_contains(name);
  if (value == nullptr || value->is_null())
    return otherwise;
  boost::system::error_code failure;
  const auto number = value->to_number<std::uint64_t>(failure);
  if (failure || number < least || number > most)
    return error{errc::invalid_argument,
                 fmt::format("\"{}\" must be a whole number from {} to {}", name, least, most)};
  return number;
}

} // namespace troupe
