#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace troupe::test {

struct provider_fake_options {
  std::uint16_t port = 0;      ///< 0: any free port.
  std::size_t reply_bytes = 0; ///< See `write_reply`.
};

/// A fake of OpenAI's and Anthropic's services on 127.0.0.1, one thread, HTTP/1.1 with keep-alive.
/// `POST …/chat/completions` and `POST …/v1/messages` stream as `reply.hpp` says; `GET /stats` and
/// `GET /log` tell what was asked; `POST /reset` forgets it.
///
///   /stats {"calls":n,"open":n,"connections":n,"closed_by_client":n,"by_message":{text:n}}
///   /log   [{"n","model","text","attempt","status","messages","tool_results","has_tools",
///            "authorized","api":"openai"|"anthropic","thinks","cache_marks","thoughts",
///            "end":"open"|"done"|"closed_by_client"|"disconnected"}], the last 4096
///
/// Thread: `run` blocks until `stop`, which may be called from any thread or a signal handler.
class provider_fake {
public:
  explicit provider_fake(const provider_fake_options& options);
  ~provider_fake();
  provider_fake(const provider_fake&) = delete;
  provider_fake& operator=(const provider_fake&) = delete;

  std::uint16_t port() const;
  void run();
  void stop();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace troupe::test
