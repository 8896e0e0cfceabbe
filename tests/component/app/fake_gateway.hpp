#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

/// A gateway that does what a test wrote down, over real sockets on a port of its own. Each
/// WebSocket connection is played by one script on a thread; a script ends, without failing the
/// test, when its client goes away.
namespace troupe::test {

class fake_connection {
public:
  virtual ~fake_connection() = default;
  /// The next request; it is recorded as well.
  virtual boost::json::object request() = 0;
  virtual void send(const boost::json::object& frame) = 0;
  virtual void close(std::uint16_t code, const std::string& reason) = 0;
  /// As if the process was killed.
  virtual void drop() = 0;
  /// Reads nothing, so that not even pings are answered, until the client is gone.
  virtual void wait_for_the_end() = 0;

  void respond(const boost::json::object& request, boost::json::value payload);
  void refuse(const boost::json::object& request, boost::json::object error,
              boost::json::value payload = nullptr);
  void event(const std::string& name, boost::json::value payload);
  /// Challenge, connect, hello-ok.
  void welcome();
  /// As `request`, but answers subscriptions by the way and insists on `method`.
  boost::json::object expect(const std::string& method);
};

using script = std::function<void(fake_connection&)>;

class fake_gateway {
public:
  /// The n-th connection is played by the n-th script; the last one plays all further ones.
  explicit fake_gateway(std::vector<script> scripts);
  ~fake_gateway();
  fake_gateway(const fake_gateway&) = delete;
  fake_gateway& operator=(const fake_gateway&) = delete;

  std::string url() const { return "ws://127.0.0.1:" + std::to_string(port_); }
  /// Requests so far, of all connections, in order; `method` empty: all.
  std::vector<boost::json::object> requests(const std::string& method = {}) const;
  unsigned connections() const { return connections_; }
  /// False: answers WebSocket requests as any web server would.
  bool upgrades = true;
  /// What `/readyz` answers.
  std::string readiness = R"({"ready":true,"failing":[]})";

private:
  class session;
  void accept();
  void serve(int descriptor);
  void record(const boost::json::object& request);

  const std::vector<script> scripts_;
  int listening_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<unsigned> connections_{0};
  mutable std::mutex mutex_;
  std::vector<boost::json::object> requests_;
  std::vector<int> open_;
  std::vector<std::thread> players_;
  std::thread acceptor_;
};

/// An address of this machine at which nobody listens, for as long as the object lives.
class dead_address {
public:
  dead_address();
  ~dead_address();
  dead_address(const dead_address&) = delete;
  dead_address& operator=(const dead_address&) = delete;
  std::string url() const { return "ws://127.0.0.1:" + std::to_string(port_); }

private:
  std::uint16_t port_ = 0; // Written while the descriptor is made.
  int descriptor_ = -1;
};

} // namespace troupe::test
