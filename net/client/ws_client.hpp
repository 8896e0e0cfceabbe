#pragma once

#include "base/result.hpp"
#include "net/client/ws_url.hpp"
#include "net/http/messages.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

/// A WebSocket client for programs that do one thing at a time: the command line. It blocks its
/// caller, never beyond a deadline, and has no thread of its own; while it blocks it answers pings.
namespace troupe::net {

struct ws_client_options {
  std::chrono::milliseconds connect{5'000};   ///< Name lookup and TCP.
  std::chrono::milliseconds handshake{5'000}; ///< TLS and upgrade, each.
  std::chrono::milliseconds write{10'000};    ///< One message.
  /// Silence after which the peer counts as gone; half of it after the last byte a ping is sent.
  std::chrono::milliseconds idle{40'000};
  std::size_t message_bytes_max = 26'214'400; ///< protocol.md section 1.
  /// A file of trusted certificates for wss; empty: the system's.
  std::string certificates;
};

/// What ended a wait.
struct ws_text {
  std::string text;
};
/// The last thing that comes. `code` 1006: the connection was lost, `reason` says how.
struct ws_closed {
  std::uint16_t code = 1006;
  std::string reason;
};
/// `descriptor` of the watched ones can be read.
struct ws_readable {
  int descriptor = -1;
};
struct ws_quiet {}; ///< The deadline passed.
using ws_happening = std::variant<ws_text, ws_closed, ws_readable, ws_quiet>;

/// One connection. Thread: one at a time.
class ws_client {
public:
  /// Errors: `unavailable` (no such host, refused), `timeout`, `forbidden` (the certificate is not
  /// trusted), `invalid_argument` (the peer does not speak WebSocket).
  static result<std::unique_ptr<ws_client>> open(const ws_url& url,
                                                 const ws_client_options& options);
  virtual ~ws_client() = default; ///< Ends the connection at once when it is still open.

  /// Blocks until the kernel has the message. Errors: `timeout`, `connection_lost`.
  virtual result<void> send(std::string_view text) = 0;
  /// The next happening, at the latest at `deadline`. `watched`: descriptors to look at meanwhile,
  /// in the caller's possession; a message that is already here comes first.
  virtual ws_happening next(std::chrono::steady_clock::time_point deadline,
                            std::span<const int> watched = {}) = 0;
  /// The close handshake, for at most a second. Messages still under way are dropped.
  virtual void close(std::uint16_t code = 1000) = 0;
};

inline constexpr std::size_t http_get_body_bytes_max = 1u << 20;

/// What the same port answers to `GET path`. Follows nothing, keeps no connection.
/// Errors: as `ws_client::open`, and `connection_lost`.
result<http_response> http_get(const ws_url& url, std::string_view path,
                               const ws_client_options& options);

} // namespace troupe::net
