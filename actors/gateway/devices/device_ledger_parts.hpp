#pragma once

#include "actors/gateway/protocol_error.hpp"
#include "actors/gateway/scopes.hpp"
#include "base/log.hpp"
#include "base/result.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the two halves of the ledger share; for `device_ledger.cpp` and `device_orders.cpp` only.
namespace troupe::gateway {

inline protocol_error too_many(std::string_view what) {
  return unavailable("too many " + std::string{what}, R"({"reason":"limit"})");
}

/// Scopes as rows hold them.
inline std::vector<std::string> sorted_names(const scope_set& scopes) {
  auto names = scopes.names();
  std::ranges::sort(names);
  return names;
}

/// An answer; a row that cannot be read is logged and answered as a failure.
template <class Answer>
Answer settled(result<Answer> outcome) {
  if (outcome)
    return std::move(outcome.value());
  log::error("gateway", "devices: {}", outcome.error().detail);
  return from_failure(outcome.error());
}

} // namespace troupe::gateway
