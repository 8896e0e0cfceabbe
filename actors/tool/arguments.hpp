#pragma once

#include "base/result.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe {

/// The arguments of a tool call as the model sent them: an object of known names and types, or an
/// error text that tells the model what to send instead.
class tool_arguments {
public:
  /// Errors: `invalid_argument`.
  static result<tool_arguments> parse(std::string_view text);

  result<std::string> text(std::string_view name) const;
  std::string text_or(std::string_view name, std::string otherwise) const;
  /// Whole numbers within [least, most]; absent gives `otherwise`.
  result<std::uint64_t> number_or(std::string_view name, std::uint64_t otherwise,
                                  std::uint64_t least, std::uint64_t most) const;

private:
  boost::json::object values_;
};

} // namespace troupe
