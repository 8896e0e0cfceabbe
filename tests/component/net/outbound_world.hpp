#pragma once

#include "net/client/outbound.hpp"
#include "net/io_pool.hpp"
#include "tests/support/provider_fake/server.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace troupe::test {

/// Keeps what an outbound call is told, and lets a test wait for it.
class recording_observer final : public net::outbound_observer {
public:
  void on_head(unsigned status, const net::header_list& headers) override;
  void on_data(std::string_view piece) override;
  void on_done(result<void> outcome) override;

  /// Wait until it happened; false after 20 s. Thread: the test's.
  bool wait_data();
  bool wait_done();

  unsigned status() const;
  std::string header(std::string_view name) const;
  std::string body() const;
  int heads() const;
  int dones() const;
  /// Empty: the call succeeded. Only after `wait_done`.
  std::optional<error> failure() const;

  std::function<void()> during_data; ///< Runs inside `on_data`, on the I/O thread.

private:
  bool wait(const std::function<bool()>& happened);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  unsigned status_ = 0;
  net::header_list headers_;
  std::string body_;
  int heads_ = 0;
  int dones_ = 0;
  std::optional<error> failure_;
};

/// An outbound client and a provider to talk to, both real, on loopback.
class outbound_world {
public:
  explicit outbound_world(unsigned calls_max = 256);
  ~outbound_world();

  /// A chat request whose last user message is `text`.
  net::outbound_request chat(std::string_view text) const;
  net::outbound_request get(std::string_view path) const;
  std::shared_ptr<recording_observer> start(net::outbound_request request);
  /// The body of GET `path`, as the fake answers it.
  std::string fetch(std::string_view path);
  /// Asks `/stats` until `part` is in it; false after 20 s.
  bool stats_show(std::string_view part);

  std::shared_ptr<net::outbound_call> last_call;
  net::io_pool pool{1};
  std::unique_ptr<net::outbound_client> client;

private:
  provider_fake fake_{{}};
  std::thread fake_thread_;
};

} // namespace troupe::test
