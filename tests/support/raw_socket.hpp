#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// A TCP client that sends exactly the bytes it is told to, for tests of the port. Blocking, each
/// wait with a deadline; it knows just enough of HTTP and WebSocket to read what comes back, and
/// shares no code with the server.
namespace troupe::test {

struct raw_response {
  unsigned status = 0;
  std::string head; ///< With the status line, without the empty line.
  std::string body;
  /// Value of a header, case-insensitive; empty when absent.
  std::string header(std::string_view name) const;
};

struct raw_frame {
  unsigned opcode = 0; ///< 1 text, 2 binary, 8 close, 9 ping, 10 pong.
  bool final = true;
  std::string payload;
  std::uint16_t close_code() const;
  std::string close_reason() const { return payload.size() > 2 ? payload.substr(2) : ""; }
};

class raw_socket {
public:
  explicit raw_socket(std::uint16_t port);
  ~raw_socket();
  raw_socket(raw_socket&& other) noexcept;
  raw_socket(const raw_socket&) = delete;
  raw_socket& operator=(const raw_socket&) = delete;

  /// False when the server has closed.
  bool send(std::string_view bytes);
  /// No more will be sent; answers can still be read.
  void half_close();
  /// Ends the connection with a reset instead of a FIN; what was sent may be lost.
  void reset();
  void set_receive_buffer(int bytes);

  /// One response; `to_head`: it has no body whatever Content-Length says. Empty: closed or nothing
  /// within the deadline.
  std::optional<raw_response> read_response(bool to_head = false);
  /// The next response that is not an interim one (1xx).
  std::optional<raw_response> read_final();
  /// The data of the next chunk; "" for the last one, with its trailer. Empty: closed before it was
  /// whole, not a chunk, or nothing within the deadline.
  std::optional<std::string> read_chunk();
  struct ending {
    std::string rest;
    bool clean = false; ///< By a FIN, not by a reset or the deadline.
  };
  /// Everything until the server closes.
  ending read_to_end();
  /// True when the server closes (or resets) before the deadline; what it sends is dropped.
  bool closes();

  /// The upgrade on `target`; true when the answer was 101.
  bool upgrade(std::string_view target = "/", std::string_view more_headers = {});
  /// One masked frame.
  bool send_frame(unsigned opcode, std::string_view payload, bool final = true);
  bool send_text(std::string_view text) { return send_frame(1, text); }
  std::optional<raw_frame> read_frame();
  /// The next frame that is no ping.
  std::optional<raw_frame> read_data();

private:
  bool fill();
  bool need(std::size_t bytes);
  std::optional<std::string> read_line();

  int fd_ = -1;
  std::string buffer_;
};

} // namespace troupe::test
