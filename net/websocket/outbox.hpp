#pragma once

#include "net/http/server.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace troupe::net {

/// What waits to be written to one WebSocket: frames in order, then perhaps a close frame. Bounded
/// in bytes; bytes count until they are `written`. Pure; not thread-safe.
class outbox {
public:
  enum class verdict {
    queued,
    dropped, ///< A droppable frame over the bound.
    slow,    ///< Any other frame over the bound: the caller closes.
    closed,  ///< Nothing is queued after a close.
  };
  struct closing {
    std::uint16_t code = 0;
    std::string reason;
  };

  explicit outbox(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  verdict add(ws_frame frame);
  /// The next frames, at most `frames_max`. Empty: nothing waits.
  std::vector<ws_frame> take(std::size_t frames_max);
  void written(std::size_t bytes) { bytes_ -= bytes; }
  /// The first close counts.
  bool close(std::uint16_t code, std::string reason);
  /// Forgets the frames that wait. Those taken still count until `written`.
  void drop_frames();
  const std::optional<closing>& wants_close() const { return closing_; }
  std::size_t bytes() const { return bytes_; }

private:
  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::deque<ws_frame> frames_;
  std::optional<closing> closing_;
};

} // namespace troupe::net
