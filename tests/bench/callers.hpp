#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::bench {

/// One HTTP connection to the gateway, kept over its calls.
struct caller {
  int fd = -1;
  std::string in;
  std::chrono::steady_clock::time_point sent;
};

/// All of them driven by one thread, as cheaply as `client_pool`. Ends the benchmark when an answer
/// is not 200.
class caller_pool {
public:
  using on_answer = std::function<void(caller&, std::string_view body)>;

  caller_pool(std::uint16_t port, std::string_view token, std::size_t count);
  ~caller_pool();
  caller_pool(const caller_pool&) = delete;
  caller_pool& operator=(const caller_pool&) = delete;

  void post(caller& from, std::string_view path, std::string_view body);
  /// Waits for events up to `patience` and calls `told` for each whole answer.
  void pump(std::chrono::milliseconds patience, const on_answer& told);
  std::vector<caller>& all() { return callers_; }

private:
  const std::string token_;
  int epoll_ = -1;
  std::vector<caller> callers_;
};

} // namespace troupe::bench
