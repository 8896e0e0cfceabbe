#pragma once

#include "actors/support/registry.hpp"
#include "base/log.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <exception>
#include <utility>
#include <vector>

namespace troupe {

/// Base of every actor of ours. It counts what introspection shows and installs the handlers
/// without which CAF 0.17.6 prints to stdout and drops: exception, error, unhandled message.
///
/// An exception ends the actor with `sec::runtime_error`; its supervisor decides what follows.
template <class Base>
class observed : public Base {
public:
  template <class... Ts>
  explicit observed(caf::actor_config& cfg, Ts&&... xs)
      : Base(cfg, std::forward<Ts>(xs)...), stats_(std::make_shared<actor_stats>()) {
    this->set_exception_handler([this](std::exception_ptr& thrown) -> caf::error {
      stats_->failures.fetch_add(1, std::memory_order_relaxed);
      try {
        std::rethrow_exception(thrown);
      } catch (const std::exception& failure) {
        log::error("actor", "{} failed: {}", this->name(), failure.what());
      } catch (...) {
        log::error("actor", "{} failed with an unknown exception", this->name());
      }
      return caf::sec::runtime_error;
    });
    this->set_error_handler([this](caf::scheduled_actor*, caf::error& failure) {
      log::warn("actor", "{} got an error nobody handles: {}", this->name(),
                caf::to_string(failure));
      stats_->failures.fetch_add(1, std::memory_order_relaxed);
    });
    this->set_default_handler(
        [this](caf::scheduled_actor*, caf::message_view& unknown) -> caf::result<caf::message> {
          stats_->failures.fetch_add(1, std::memory_order_relaxed);
          log::error("actor", "{} got a message it has no handler for: {}", this->name(),
                     caf::to_string(unknown.content()));
          return caf::sec::unexpected_message;
        });
  }

  void enqueue(caf::mailbox_element_ptr message, caf::execution_unit* unit) override {
    stats_->inbox.fetch_add(1, std::memory_order_relaxed);
    Base::enqueue(std::move(message), unit);
  }

  /// Monitors an actor that outlives this one, until this one ends. `monitor` alone would leave an
  /// address behind with `elder`, and an address keeps the memory of the whole actor.
  template <class Handle>
  void watch_elder(const Handle& elder) {
    this->monitor(elder);
    elders_.push_back(caf::actor_cast<caf::actor_addr>(elder));
  }

  /// Takes its place in the registry; keep the result in the actor's state.
  registration observe(const std::shared_ptr<actor_registry>& registry, std::string path,
                       const char* kind) {
    return registry->add(std::move(path), kind, stats_);
  }

protected:
  caf::invoke_message_result consume(caf::mailbox_element& message) override {
    const auto begun = std::chrono::steady_clock::now();
    // Held by value: the handler may end the actor and with it this object's state.
    const auto stats = stats_;
    const auto outcome = Base::consume(message);
    if (outcome != caf::invoke_message_result::skipped)
      stats->inbox.fetch_sub(1, std::memory_order_relaxed);
    stats->handled.fetch_add(1, std::memory_order_relaxed);
    const auto spent = std::chrono::steady_clock::now() - begun;
    stats->busy_ns.fetch_add(static_cast<std::uint64_t>(spent.count()), std::memory_order_relaxed);
    return outcome;
  }

  bool cleanup(caf::error&& reason, caf::execution_unit* host) override {
    for (const auto& elder : std::exchange(elders_, {}))
      this->demonitor(elder);
    return Base::cleanup(std::move(reason), host);
  }

private:
  std::shared_ptr<actor_stats> stats_;
  std::vector<caf::actor_addr> elders_;
};

/// The self pointer of an actor whose interface is `Handle` and whose state is `State`.
template <class Handle, class State>
using typed_self = caf::stateful_actor<State, observed<typename Handle::base>>*;

/// The self pointer of an actor that only its own parent and children talk to.
template <class State>
using plain_self = caf::stateful_actor<State, observed<caf::event_based_actor>>*;

} // namespace troupe
