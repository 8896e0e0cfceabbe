#pragma once

#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace troupe::net {

/// The I/O threads: one io_context each, so that a connection stays on one thread.
/// Thread: `next()` and `main()` from any thread.
class io_pool {
public:
  explicit io_pool(unsigned threads);
  ~io_pool(); ///< Stops and joins.
  io_pool(const io_pool&) = delete;
  io_pool& operator=(const io_pool&) = delete;

  /// A context for a new connection, in turn.
  boost::asio::io_context& next();
  /// Always the same context: listener, outbound client, signals.
  boost::asio::io_context& main();
  /// Runs `work` on the main context.
  void post(std::function<void()> work);
  /// Ends all work and joins the threads. Idempotent.
  void stop();
  /// False once `stop` has returned: nothing runs on the contexts any more.
  bool running() const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace troupe::net
