#pragma once

#include "base/result.hpp"

#include <caf/error.hpp>
#include <caf/result.hpp>
#include <caf/typed_response_promise.hpp>

#include <string>

namespace troupe {

/// Our error as CAF carries it: category "troupe", the detail as its context.
caf::error to_caf(const error& failure);
/// Back again. CAF's own errors become `timeout`, `connection_lost` or `internal`.
error from_caf(const caf::error& failure);

/// The one place where a result turns into an answer.
template <class T>
caf::result<T> reply(result<T> outcome) {
  if (outcome)
    return std::move(outcome).value();
  return to_caf(outcome.error());
}

template <class T>
void deliver(caf::typed_response_promise<T>& promise, result<T> outcome) {
  if (outcome)
    promise.deliver(std::move(outcome).value());
  else
    promise.deliver(to_caf(outcome.error()));
}

} // namespace troupe
