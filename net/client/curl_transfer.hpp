#pragma once

#include "net/client/outbound.hpp"

#include <curl/curl.h>

#include <chrono>
#include <optional>

namespace troupe::net {

using steady_time = std::chrono::steady_clock::time_point;

/// The earliest moment at which some call may be late. Only ever moves earlier between two
/// sweeps, so that a call that makes progress costs no timer.
struct deadline_board {
  steady_time earliest = steady_time::max();
  void observe(steady_time deadline) { earliest = deadline < earliest ? deadline : earliest; }
};

struct easy_deleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using easy_handle = std::unique_ptr<CURL, easy_deleter>;

/// A handle with everything that is the same for all calls; null when memory is short.
easy_handle make_easy_handle();

/// One request while libcurl works on it: what libcurl points into, its callbacks, its bounds and
/// its deadlines. Must not move or end while its handle is in a multi handle.
/// Thread: the I/O thread.
class curl_transfer {
public:
  curl_transfer(outbound_request request, std::shared_ptr<outbound_observer> observer);
  curl_transfer(const curl_transfer&) = delete;
  curl_transfer& operator=(const curl_transfer&) = delete;

  /// Points `easy` at this request. Errors: `invalid_argument`.
  result<void> attach(CURL* easy, deadline_board& board);
  /// Takes back what `attach` lent, so that `easy` can serve another call.
  static void detach(CURL* easy);

  /// When this call is late, as things stand.
  steady_time deadline() const;
  /// Which deadline that was.
  error deadline_error() const;
  /// What libcurl's verdict means to the caller.
  result<void> outcome(CURLcode code) const;
  /// The observer's last call.
  void finish(result<void> outcome);

private:
  result<void> build_headers();
  void set_method(CURL* easy);
  std::size_t take_header(std::string_view line);
  std::size_t take_data(std::string_view piece);
  std::size_t refuse(error reason);
  static std::size_t header_callback(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t data_callback(char* data, std::size_t size, std::size_t count, void* self);

  // Constant after `attach`.
  outbound_request request_;
  std::shared_ptr<outbound_observer> observer_;
  std::vector<std::string> header_lines_;
  std::vector<curl_slist> header_nodes_; // libcurl's list without its allocations.
  deadline_board* board_ = nullptr;
  const steady_time started_;

  // Moved by the callbacks.
  steady_time last_piece_;
  unsigned status_ = 0;
  header_list response_headers_;
  std::size_t header_bytes_ = 0;
  std::size_t body_bytes_ = 0;
  bool head_delivered_ = false;
  std::optional<error> refused_;
  char curl_message_[CURL_ERROR_SIZE] = {};
};

} // namespace troupe::net
