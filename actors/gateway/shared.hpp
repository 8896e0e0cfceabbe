#pragma once

#include "actors/gateway/auth_limiter.hpp"
#include "actors/gateway/context.hpp"
#include "actors/gateway/devices/messages.hpp"
#include "actors/gateway/presence.hpp"
#include "actors/support/credit.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace troupe::gateway {

/// The gateway's own facts, shared by its actors and the I/O threads. Lives as long as the node.
/// Thread: any.
class gateway_shared {
public:
  explicit gateway_shared(gateway_context_ptr context);

  const gateway_context& context() const { return *context_; }
  /// In force now; kept, they stay what they are.
  std::shared_ptr<const config::settings> settings() const {
    auto config = context_->config.get();
    const auto* values = &config->values;
    return {std::move(config), values};
  }
  auth_limiter& limiter() { return limiter_; }
  /// The writer of devices. Set once, before the port opens.
  const devices_actor& devices() const { return devices_; }
  void attach_devices(devices_actor writer) { devices_ = std::move(writer); }
  /// Counts the commits that took something away from a device. Whoever holds a grant from before
  /// such a change looks at the rows again.
  std::uint64_t device_changes() const { return device_changes_.load(std::memory_order_acquire); }
  void note_device_change() { device_changes_.fetch_add(1, std::memory_order_acq_rel); }
  /// Places of HTTP requests that actors answer.
  credit_pool& http_places() { return *http_places_; }
  /// Places of `file_bytes_per_place` for files of the web page that are in memory.
  const std::shared_ptr<credit_pool>& file_room() const { return file_room_; }
  const std::string& boot_id() const { return boot_id_; }
  const std::string& host() const { return host_; }

  std::uint64_t next_id() { return next_id_.fetch_add(1, std::memory_order_relaxed) + 1; }
  std::uint64_t uptime_ms() const;

  /// The health report (JSON), not older than `health_period`.
  std::shared_ptr<const std::string> health();
  std::shared_ptr<const std::string> refresh_health();
  /// Counts of what presence and health told: {"presence":n,"health":n}.
  std::string state_version();

  void presence_connected(const std::string& key, presence_facts who);
  void presence_disconnected(const std::string& key);
  void presence_noted(const std::string& key, presence_facts what);
  /// The list as a JSON array; the gateway itself comes first.
  std::string presence();
  std::uint64_t presence_version();

private:
  // Constant after construction.
  gateway_context_ptr context_;
  std::string boot_id_;
  std::string host_;
  std::shared_ptr<credit_pool> http_places_;
  std::shared_ptr<credit_pool> file_room_;

  devices_actor devices_;
  std::atomic<std::uint64_t> device_changes_{0};
  auth_limiter limiter_;
  std::atomic<std::uint64_t> next_id_{0};
  std::atomic<std::uint64_t> health_version_{0};
  std::mutex guard_;
  // Guarded by `guard_`.
  std::shared_ptr<const std::string> health_;
  std::chrono::nanoseconds health_built_{};
  presence_list presence_;
};
using gateway_shared_ptr = std::shared_ptr<gateway_shared>;

} // namespace troupe::gateway
