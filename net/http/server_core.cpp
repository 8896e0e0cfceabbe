#include "net/http/server_core.hpp"

#include <chrono>
#include <vector>

namespace troupe::net {

namespace {

/// Enough for a dozen of the largest bodies at once; more would let slow uploads eat the memory.
constexpr std::size_t bodies_bytes_max = 256u << 20;
/// Tools, tests and reverse proxies on the same machine share one address.
constexpr unsigned loopback_factor = 16;

} // namespace

live_connection::live_connection(std::shared_ptr<server_core> core) : core_(std::move(core)) {
  core_->enroll(*this);
}

live_connection::~live_connection() {
  core_->withdraw(*this);
}

connection_slot::~connection_slot() {
  if (core_)
    core_->give_back_connection();
}

void handshake_slot::release() {
  if (const auto core = std::move(core_))
    core->give_back_handshake(ip_);
  core_.reset();
}

connection_slot server_core::take_connection() {
  if (connections_.fetch_add(1) >= limits.connections_max) {
    give_back_connection();
    return {};
  }
  return connection_slot{shared_from_this()};
}

void server_core::give_back_connection() {
  const std::lock_guard lock{mutex_};
  --connections_;
  emptied_.notify_all();
}

handshake_slot server_core::take_handshake(const peer_address& peer) {
  const auto most = limits.unauthenticated_per_address_max * (peer.loopback ? loopback_factor : 1);
  const std::lock_guard lock{mutex_};
  auto& taken = handshakes_[peer.ip];
  if (taken >= most) {
    if (taken == 0)
      handshakes_.erase(peer.ip);
    return {};
  }
  ++taken;
  return {shared_from_this(), peer.ip};
}

void server_core::give_back_handshake(const std::string& ip) {
  const std::lock_guard lock{mutex_};
  const auto found = handshakes_.find(ip);
  if (found != handshakes_.end() && --found->second == 0)
    handshakes_.erase(found);
}

void server_core::count_lost(answer_lost why) {
  ++answers_lost_;
  if (why == answer_lost::too_slow)
    ++answers_too_slow_;
}

bool server_core::reserve_body(std::size_t bytes) {
  if (body_bytes_.fetch_add(bytes) + bytes <= bodies_bytes_max)
    return true;
  body_bytes_ -= bytes;
  return false;
}

void server_core::release_body(std::size_t bytes) {
  body_bytes_ -= bytes;
}

void server_core::enroll(live_connection& connection) {
  const std::lock_guard lock{mutex_};
  live_.insert(&connection);
}

void server_core::withdraw(live_connection& connection) {
  const std::lock_guard lock{mutex_};
  live_.erase(&connection);
  emptied_.notify_all();
}

void server_core::end_all(ending how) {
  std::vector<std::shared_ptr<live_connection>> found;
  {
    const std::lock_guard lock{mutex_};
    for (auto* connection : live_)
      if (auto kept = connection->weak_from_this().lock())
        found.push_back(std::move(kept));
  }
  for (const auto& connection : found)
    connection->end(how);
}

bool server_core::wait_until_empty(unsigned ms_max) {
  std::unique_lock lock{mutex_};
  return emptied_.wait_for(lock, std::chrono::milliseconds{ms_max},
                           [this] { return live_.empty() && connections_ == 0; });
}

} // namespace troupe::net
