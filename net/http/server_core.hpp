#pragma once

#include "net/http/server.hpp"
#include "net/io_pool.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>

/// What all connections of one server share: the limits, the sink, and the books.
namespace troupe::net {

class server_core;

enum class ending { restart, abort };

/// A connection that the server can end. Enrolled while it lives.
class live_connection : public std::enable_shared_from_this<live_connection> {
public:
  explicit live_connection(std::shared_ptr<server_core> core);
  virtual ~live_connection();
  live_connection(const live_connection&) = delete;
  live_connection& operator=(const live_connection&) = delete;
  /// Thread: any. Returns at once.
  virtual void end(ending how) = 0;

protected:
  server_core& core() const { return *core_; }
  const std::shared_ptr<server_core>& core_pointer() const { return core_; }

private:
  std::shared_ptr<server_core> core_;
};

/// One of the places of `connections_max`. Goes with the socket.
class connection_slot {
public:
  connection_slot() = default;
  explicit connection_slot(std::shared_ptr<server_core> core) : core_(std::move(core)) {}
  connection_slot(connection_slot&& other) noexcept = default;
  connection_slot& operator=(connection_slot&& other) noexcept = delete;
  ~connection_slot();
  explicit operator bool() const { return core_ != nullptr; }

private:
  std::shared_ptr<server_core> core_;
};

/// One of an address's places for WebSockets that have not finished their handshake.
class handshake_slot {
public:
  handshake_slot() = default;
  handshake_slot(std::shared_ptr<server_core> core, std::string ip)
      : core_(std::move(core)), ip_(std::move(ip)) {}
  handshake_slot(handshake_slot&& other) noexcept = default;
  handshake_slot& operator=(handshake_slot&& other) noexcept = delete;
  ~handshake_slot() { release(); }
  explicit operator bool() const { return core_ != nullptr; }
  void release();

private:
  std::shared_ptr<server_core> core_;
  std::string ip_;
};

/// Thread: every function may be called from any thread.
class server_core : public std::enable_shared_from_this<server_core> {
public:
  server_core(io_pool& io, const server_limits& bounds, request_sink& to)
      : pool(io), limits(bounds), sink(to) {}

  io_pool& pool;
  const server_limits limits;
  request_sink& sink;

  /// Empty when all places are taken.
  connection_slot take_connection();
  handshake_slot take_handshake(const peer_address& peer);
  std::size_t connections() const { return connections_; }

  void count_lost(answer_lost why);
  server_counters counters() const { return {answers_lost_, answers_too_slow_}; }

  /// Bytes of request bodies that are being read, over all connections. False: over the bound.
  bool reserve_body(std::size_t bytes);
  void release_body(std::size_t bytes);

  void enroll(live_connection& connection);
  void withdraw(live_connection& connection);
  void end_all(ending how);
  /// Waits until nothing is enrolled and no place is taken. False: the deadline passed.
  bool wait_until_empty(unsigned ms_max);

private:
  friend class connection_slot;
  friend class handshake_slot;
  void give_back_connection();
  void give_back_handshake(const std::string& ip);

  std::atomic<std::size_t> connections_{0};
  std::atomic<std::size_t> body_bytes_{0};
  std::atomic<std::uint64_t> answers_lost_{0};
  std::atomic<std::uint64_t> answers_too_slow_{0};
  std::mutex mutex_;
  std::condition_variable emptied_;
  std::unordered_set<live_connection*> live_;
  std::unordered_map<std::string, unsigned> handshakes_; ///< Per address; never zero.
};

} // namespace troupe::net
