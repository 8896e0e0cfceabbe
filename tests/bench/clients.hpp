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
  int fd = -1;
  std::string in;
  std::string out;
  std::size_t index = 0;
  std::uint64_t turns = 0;
  std::chrono::steady_clock::time_point sent;
};

class client_pool {
public:
  client_pool(std::uint16_t port, std::string token);
  ~client_pool();
  client_pool(const client_pool&) = delete;
  client_pool& operator=(const client_pool&) = delete;

  /// Opens `count` more connections and finishes their handshakes.
  void connect(std::size_t count);
  /// Sends a text message (masked, as clients must).
  void send(connection& to, std::string_view text);
  /// Waits for events up to `patience` and calls `on_text` for each message.
  void pump(std::chrono::milliseconds patience,
            const std::function<void(connection&, std::string_view)>& on_text);
  std::vector<connection>& all() { return connections_; }

private:
  void read_some(connection& from,
                 const std::function<void(connection&, std::string_view)>& on_text);
  void write_some(connection& to);
  void hand_out(connection& from,
                const std::function<void(connection&, std::string_view)>& on_text);

  const std::uint16_t port_;
  const std::string token_;
  int epoll_ = -1;
  std::vector<connection> connections_;
};

} // namespace troupe::bench
