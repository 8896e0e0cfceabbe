#pragma once

#include "actors/gateway/json_writer.hpp"
#include "actors/gateway/wire_event.hpp"
#include "actors/messages.hpp"
#include "config/settings.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

/// Turns what happens in runs into the protocol's events. Source: protocol.md sections 5 and 7.1.
namespace troupe::gateway {

/// The JSON of a session's row, asked for only when an event that shows it has a receiver.
using session_row_source = std::function<std::string(std::string_view key)>;

/// Keeps what an active run has said, because clients get the full text with every delta and what
/// travels inside is only the difference.
///
/// Invariants: the `deltaText`s of a run's chat events, where `replace` begins anew, concatenate to
/// the text of its final; the same holds for `delta` of stream "assistant". The lifecycle end comes
/// before the chat final. `seq` never decreases in a run: attempt × 1,000,000 + n, where n follows
/// from the event's own number, so that two fronts (or one that was restarted) number alike.
///
/// Pure: no clock, no actor. Thread: one owner.
class event_projector {
public:
  /// Events for `wanted` audiences only; the run's text is followed in any case.
  event_batch project(const run_event& event, audience wanted,
                      const session_row_source& session_row);

  /// `inFlightRun` of chat.history: JSON of the active run of `key`, or empty.
  std::string in_flight(std::string_view key) const;
  std::size_t runs() const { return runs_.size(); }

private:
  struct followed {
    std::string key;
    std::uint32_t attempt = 0;
    std::uint32_t n = 0;       ///< Last number given out in this attempt.
    std::string text;          ///< Of the current answer; cut at `run_text_bytes_max`.
    std::uint64_t told = 0;    ///< Bytes of the current answer in events, all of `text` unless cut.
    std::string unfinished;    ///< Bytes of a UTF-8 sequence whose rest has not come.
    unsigned answer = 1;       ///< Counts answers: one per model call that says something.
    bool replace_next = false; ///< The next delta begins anew.
    bool gap = false;          ///< Something was missed: silent until the answer begins anew.
    bool started = false;
    bool tells_phases = true; ///< Who started it chats, and sees how it gets ready.
    wall_ms started_at = 0;
    config::model_ref requested;
    std::uint64_t heard = 0; ///< Order of the last event, to forget the stalest.
  };
  class projection;

  followed& follow(const run_event& event);
  void forget_stalest();

  std::unordered_map<std::string, followed> runs_;
  std::uint64_t clock_ = 0;
};

} // namespace troupe::gateway
