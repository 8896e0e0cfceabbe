#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::gateway {

/// What an operator may do. Source: protocol.md section 3.
enum class scope : std::uint8_t {
  none, ///< Nothing is needed.
  read,
  write,
  admin,
  approvals,
  questions,
  pairing,
  talk,
  talk_secrets,
};

/// "operator.read"; empty for `none`.
std::string_view to_string(scope named);
std::optional<scope> scope_from_name(std::string_view name);

/// Granted scopes in the order they were asked for. Admin implies everything, write implies read
/// and talk.
class scope_set {
public:
  void grant(scope named);
  bool allows(scope needed) const;
  /// Allows everything that `other` holds.
  bool covers(const scope_set& other) const;
  const std::vector<scope>& list() const { return granted_; }
  std::vector<std::string> names() const;
  /// Of names as they come from outside or from rows; those that are not known grant nothing.
  static scope_set of(std::span<const std::string> names);

private:
  bool has(scope named) const { return (bits_ & bit(named)) != 0; }
  static std::uint32_t bit(scope named) { return 1u << static_cast<unsigned>(named); }
  std::vector<scope> granted_;
  std::uint32_t bits_ = 0;
};

} // namespace troupe::gateway
