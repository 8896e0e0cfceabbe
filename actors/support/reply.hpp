#pragma once

#include "base/result.hpp"

#include <caf/error.hpp>
#include <caf/result.hpp>
#include <caf/typed_response_promise.hpp>

#include <memory>
#include <string>
#include <utility>

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

/// An answer that comes later, from copies of this object. CAF 0.17.6 leaves a requester waiting
/// when a promise is dropped; here the last copy answers `unavailable`, for example when the actor
/// ends. Thread: the actor that made it.
template <class T>
class answer {
public:
  /// `self` is handling the request that is to be answered.
  template <class Self>
  explicit answer(Self* self)
      : shared_(std::make_shared<state>(self->template make_response_promise<T>())) {}

  /// What the handler returns.
  caf::result<T> later() const { return shared_->promise; }

  void give(result<T> outcome) const {
    if (std::exchange(shared_->given, true))
      return;
    if (outcome)
      shared_->promise.deliver(std::move(outcome).value());
    else
      shared_->promise.deliver(to_caf(outcome.error()));
  }

private:
  struct state {
    explicit state(caf::typed_response_promise<T> made) : promise(std::move(made)) {}
    state(const state&) = delete;
    state& operator=(const state&) = delete;
    ~state() {
      if (!given)
        promise.deliver(to_caf({errc::unavailable, "the gateway could not answer; send again"}));
    }
    caf::typed_response_promise<T> promise;
    bool given = false;
  };
  std::shared_ptr<state> shared_;
};

} // namespace troupe
