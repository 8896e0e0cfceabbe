#pragma once

#include "base/poll.hpp"
#include "net/http/server.hpp"
#include "net/io_pool.hpp"
#include "tests/support/raw_socket.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace troupe::test {

/// What the test's sink saw and holds; shared with handlers that outlive the world.
struct server_book {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<net::http_request> requests;
  std::vector<net::http_responder> held;
  std::vector<net::answer_lost> lost; ///< Of those held, as it happened.
  std::vector<std::shared_ptr<net::ws_connection>> sockets;
  std::vector<net::ws_upgrade> upgrades;
  std::vector<std::string> texts;
  std::vector<net::frame_credit> credits;
  std::vector<std::pair<std::uint16_t, std::string>> closes;

  /// Waits until `holds()` with the lock held; false after ten seconds.
  template <class Condition>
  bool wait(Condition holds) {
    std::unique_lock lock{mutex};
    return changed.wait_for(lock, std::chrono::seconds{10}, holds);
  }
};

/// For what nobody announces: looks again and again, at most `ms_max`.
inline bool eventually(const std::function<bool()>& holds, unsigned ms_max = 10'000) {
  return poll_until(std::chrono::milliseconds{ms_max}, holds);
}

/// A server on a free port. The path decides what is done with a request:
///   /echo the body   /hold until the test answers   /drop without an answer   /big 8 MiB of x
///   /nothing refuses a body unread, 404   /ten takes ten bytes   anything else: method and target
/// and with a WebSocket:
///   /keep hands out no credit back   /refuse returns null   anything else echoes
/// A text "done" finishes the handshake; "close CODE REASON" closes.
class server_world : private net::request_sink {
public:
  explicit server_world(net::server_limits limits = {});
  ~server_world() override;

  raw_socket connect() const { return raw_socket{port()}; }
  /// Connected, upgraded on `target`.
  raw_socket connect_websocket(std::string_view target = "/") const;
  std::uint16_t port() const { return server_->port(); }
  net::server& server() { return *server_; }
  server_book& book() { return *book_; }
  /// True when `count` connections are open, at the latest after ten seconds.
  bool reaches_connections(std::size_t count);
  /// Ends the server first, then the threads.
  void stop();

private:
  net::body_wish on_head(const net::http_request& head) override;
  void on_request(net::http_request request, net::http_responder responder) override;
  std::shared_ptr<net::ws_handler>
  on_websocket(net::ws_upgrade upgrade, std::shared_ptr<net::ws_connection> connection) override;

  void hold(const net::http_responder& responder);

  std::shared_ptr<server_book> book_ = std::make_shared<server_book>();
  net::io_pool pool_{2};
  std::unique_ptr<net::server> server_;
};

} // namespace troupe::test
