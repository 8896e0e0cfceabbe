#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::bench {

/// One WebSocket to the gateway, as cheap as it can be: one thread drives all of them with epoll,
/// so that the benchmark measures the gateway and not its client.
struct connection {
  enum class step { upgrading, challenged, open };
  int fd = -1;
  step at = step::upgrading;
  std::string in;
  std::string out;
  std::size_t index = 0;
  std::uint64_t turns = 0;
  std::chrono::steady_clock::time_point sent;
};

/// Ends the benchmark when the gateway refuses or closes one of its connections.
class client_pool {
public:
  using on_text = std::function<void(connection&, std::string_view)>;

  client_pool(std::uint16_t port, std::string token);
  ~client_pool();
  client_pool(const client_pool&) = delete;
  client_pool& operator=(const client_pool&) = delete;

  /// Opens `count` more connections and finishes their handshakes.
  void connect(std::size_t count);
  /// Goes on opening connections, `at_once` at a time, and closing each once it is let in;
  /// returns how many were let in.
  std::uint64_t shake_hands(std::size_t at_once, std::chrono::milliseconds period);
  /// Sends a text message (masked, as clients must).
  void send(connection& to, std::string_view text);
  /// Waits for events up to `patience` and calls `told` for each message of an open connection.
  void pump(std::chrono::milliseconds patience, const on_text& told);
  std::vector<connection>& all() { return connections_; }

private:
  void dial(connection& made);
  connection& add_connection();
  void read_some(connection& from, const on_text& told);
  bool finish_upgrade(connection& from);
  void hand_out(connection& from, const on_text& told);
  void go_on_with_handshake(connection& from, std::string_view text);

  const std::uint16_t port_;
  const std::string connect_frame_;
  int epoll_ = -1;
  std::vector<connection> connections_;
  std::vector<std::size_t> let_in_; ///< Since the last look.
};

} // namespace troupe::bench
