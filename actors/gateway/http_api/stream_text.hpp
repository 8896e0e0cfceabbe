#pragma once

#include "actors/messages.hpp"

#include <cstddef>
#include <string>
#include <string_view>

/// What of a run's text has been streamed to a caller, who cannot be told to forget.
namespace troupe::gateway::http_api {

/// Follows the text of one run and gives out each byte once, whole characters only. When an answer
/// begins anew (another try, another attempt after a crash), the stream goes on where the new text
/// is longer than the same old one; when it says something else, the stream is broken.
///
/// What the model says before it calls its tools is streamed as well; the answer behind it begins a
/// paragraph. Pure. Thread: one owner.
class stream_text {
public:
  /// What is to be sent now; empty: nothing yet.
  std::string on_delta(const run_event::text_delta& delta);
  /// An answer that ends in calls of tools is committed: the next one does not repeat it.
  void on_step();
  /// The rest of the final answer. `broken()` afterwards: it is not what was begun.
  std::string on_end(std::string_view answer);

  bool broken() const { return broken_; }

private:
  std::string take(std::string_view text);

  std::string sent_;         ///< Of the answer that is being told, with what is held back.
  std::size_t whole_ = 0;    ///< Bytes of `sent_` that were given out.
  std::size_t position_ = 0; ///< Where the answer that arrives has got to; at most `sent_.size()`.
  bool paragraph_ = false;   ///< Something was said before this answer.
  bool broken_ = false;
};

} // namespace troupe::gateway::http_api
