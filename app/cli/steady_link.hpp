#pragma once

#include "app/cli/console.hpp"
#include "app/cli/gateway_link.hpp"
#include "app/cli/interrupt.hpp"
#include "app/cli/reconnect_policy.hpp"

#include <memory>
#include <utility>

namespace troupe::cli {

/// A link that comes back after the gateway was restarted. The first connection is not insisted on:
/// where no gateway answers, waiting helps nobody. Thread: one at a time.
class steady_link {
public:
  steady_link(target to, introduction as, interrupt_watch& interrupts, const console& says);

  /// The link, opened if need be. Errors: those of `gateway_link::open` that waiting does not mend,
  /// `timeout` at `deadline`, `interrupted`.
  outcome<gateway_link*> get(time_point deadline);
  /// True once after each time a link was opened: what the last one was asked is to be asked again.
  bool take_fresh() { return std::exchange(fresh_, false); }
  /// The link broke.
  void lost(const std::string& reason);
  /// The gateway did something useful: a later break is the first again.
  void well() { policy_.succeeded(); }
  /// Waits before the same is asked again; as `get`'s errors.
  outcome<void> pause(std::chrono::milliseconds asked, time_point deadline);
  /// The open link, or null.
  gateway_link* current() const { return link_.get(); }

private:
  outcome<void> open(time_point deadline);

  const target to_;
  const introduction as_;
  interrupt_watch& interrupts_;
  const console& says_;
  reconnect_policy policy_;
  std::unique_ptr<gateway_link> link_;
  bool connected_before_ = false;
  bool fresh_ = false;
};

} // namespace troupe::cli
