#pragma once

#include "app/cli/failure.hpp"
#include "app/cli/target.hpp"
#include "net/client/ws_client.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

/// A connected and accepted operator connection: protocol v4 as a client speaks it.
namespace troupe::cli {

using time_point = std::chrono::steady_clock::time_point;

/// How a verb introduces itself.
struct introduction {
  std::vector<std::string> scopes; ///< As few as the verb needs.
  bool probe = false;              ///< As a probe, which also older gateways answer.
};

/// One answer to a request.
struct reply {
  std::string id;
  bool ok = false;
  boost::json::value payload;
  boost::json::object error;
};
/// Something that happened. `missed`: events before this one never came, so what was built from
/// events must be read again.
struct event {
  std::string name;
  boost::json::value payload;
  bool missed = false;
};
using link_happening = std::variant<reply, event, net::ws_closed, net::ws_readable, net::ws_quiet>;

/// Events kept while a `call` waits for its answer; the oldest go first, and the next one that is
/// delivered says `missed`.
inline constexpr std::size_t held_events_max = 4096;

/// Thread: one at a time.
class gateway_link {
public:
  /// Opens, waits for the challenge, sends `connect`. Errors: `gateway_unreachable`,
  /// `unauthorized`, `protocol_mismatch`, or whatever the gateway said; see `retryable`.
  static outcome<std::unique_ptr<gateway_link>> open(const target& to, const introduction& as,
                                                     time_point deadline);
  ~gateway_link(); ///< Says goodbye when the gateway still listens.

  /// The hello-ok payload.
  const boost::json::value& hello() const { return hello_; }

  /// Sends a request and gives its id. Null `params` are left out.
  outcome<std::string> post(const std::string& method, boost::json::value params);
  /// The next frame or other happening. Frames that make no sense are skipped.
  link_happening next(time_point deadline, std::span<const int> watched = {});
  /// `post` and its first answer. Events meanwhile are kept for `next`.
  outcome<boost::json::value> call(const std::string& method, boost::json::value params,
                                   time_point deadline);

private:
  explicit gateway_link(std::unique_ptr<net::ws_client> socket) : socket_(std::move(socket)) {}
  outcome<void> introduce(const target& to, const introduction& as, time_point deadline);
  link_happening receive(time_point deadline, std::span<const int> watched);
  outcome<boost::json::value> answer_to(const std::string& id, const std::string& method,
                                        time_point deadline);
  void hold(event happened);

  std::unique_ptr<net::ws_client> socket_;
  boost::json::value hello_;
  std::deque<event> held_;
  std::uint64_t requests_ = 0;
  std::int64_t last_seq_ = 0;
  bool closed_ = false;
};

} // namespace troupe::cli
