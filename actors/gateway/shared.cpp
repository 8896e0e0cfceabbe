#include "actors/gateway/shared.hpp"

#include "actors/gateway/limits.hpp"
#include "actors/gateway/reports.hpp"
#include "base/random.hpp"

#include <unistd.h>

#include <array>
#include <chrono>

namespace troupe::gateway {
namespace {

std::string host_name_of_machine() {
  std::array<char, 256> name{};
  // The last byte stays zero also when the name was cut.
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0')
    return "gateway";
  return name.data();
}

} // namespace

gateway_shared::gateway_shared(gateway_context_ptr context)
    : context_(std::move(context)), boot_id_(random_uuid()), host_(host_name_of_machine()),
      http_places_(credit_pool::create(http_requests_max)),
      file_room_(credit_pool::create(file_places_max)),
      limiter_(context_->config->values.gateway.auth.rate_limit) {}

std::uint64_t gateway_shared::uptime_ms() const {
  const auto up = context_->time->now_boot() - context_->process_started;
  const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(up).count();
  return whole > 0 ? static_cast<std::uint64_t>(whole) : 0;
}

std::shared_ptr<const std::string> gateway_shared::health() {
  {
    const std::scoped_lock lock{guard_};
    if (health_ && context_->time->now_boot() - health_built_ < health_period)
      return health_;
  }
  return refresh_health();
}

std::shared_ptr<const std::string> gateway_shared::refresh_health() {
  auto fresh = std::make_shared<const std::string>(health_report(*context_));
  const std::scoped_lock lock{guard_};
  health_ = fresh;
  health_built_ = context_->time->now_boot();
  health_version_.fetch_add(1, std::memory_order_relaxed);
  return fresh;
}

std::string gateway_shared::state_version() {
  return R"({"presence":)" + std::to_string(presence_version()) + R"(,"health":)" +
         std::to_string(health_version_.load(std::memory_order_relaxed)) + "}";
}

void gateway_shared::presence_connected(const std::string& key, presence_facts who) {
  const std::scoped_lock lock{guard_};
  presence_.connected(key, std::move(who), context_->time->now_wall_ms());
}

std::uint64_t gateway_shared::presence_version() {
  const std::scoped_lock lock{guard_};
  return presence_.version();
}

void gateway_shared::presence_disconnected(const std::string& key) {
  const std::scoped_lock lock{guard_};
  presence_.disconnected(key, context_->time->now_wall_ms());
}

void gateway_shared::presence_noted(const std::string& key, presence_facts what) {
  const std::scoped_lock lock{guard_};
  presence_.noted(key, std::move(what), context_->time->now_wall_ms());
}

std::string gateway_shared::presence() {
  json_writer out;
  out.begin_array();
  write_self_presence(out, *context_, host_, boot_id_);
  const std::scoped_lock lock{guard_};
  presence_.write(out, context_->time->now_wall_ms());
  out.end_array();
  return out.take();
}

} // namespace troupe::gateway
