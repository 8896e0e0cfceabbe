#pragma once

#include <string>
#include <string_view>

namespace troupe {

/// A value that must not reach a log, an error, a URL or introspection. It has no stream or format
/// operator; `reveal()` marks the few places that need the text.
class secret {
public:
  secret() = default;
  explicit secret(std::string value) : value_(std::move(value)) {}
  bool empty() const { return value_.empty(); }
  const std::string& reveal() const { return value_; }
  /// Compares in time that depends on the lengths only.
  bool equals(std::string_view candidate) const;

private:
  std::string value_;
};

} // namespace troupe
