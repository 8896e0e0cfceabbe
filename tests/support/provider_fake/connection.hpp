#pragma once

#include "tests/support/provider_fake/reply.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::test {

/// One whole HTTP/1.1 request out of a connection's bytes.
struct raw_request {
  std::string_view method;
  std::string_view path;
  bool authorized = false;  ///< It has an Authorization or x-api-key header.
  bool has_version = false; ///< It has an anthropic-version header.
  std::size_t body_at = 0;
  std::size_t bytes = 0; ///< With its body.
};

enum class request_state { incomplete, whole, malformed };

/// Reads the first request of `bytes`; the views point into it.
request_state read_request(std::string_view bytes, raw_request& out);

/// One client of the fake: what came in, what is still to go out, and when.
struct connection {
  explicit connection(int socket) : fd(socket) {}
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  bool answering() const { return next_step < steps.size() || sent < out.size(); }
  /// Sends what is in `out`. False: the client is gone.
  bool flush();
  /// Receives what is there. False: the client is gone.
  bool receive();

  int fd;
  std::string in;
  std::string out;
  std::size_t sent = 0;
  std::vector<reply_step> steps;
  std::size_t next_step = 0;
  std::chrono::steady_clock::time_point due{}; ///< Of the next step, while it waits for its time.
  bool waiting = false;
  bool watches_output = false;
  bool close_after_flush = false;
  std::uint64_t entry = 0; ///< Of the journal; 0: none open.
};

} // namespace troupe::test
