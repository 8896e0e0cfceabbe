#pragma once

#include "tests/support/provider_fake/chat_call.hpp"

#include <chrono>
#include <string>
#include <vector>

/// What the fake answers. The last user message says it, by directives anywhere in its text:
///
///   #echo TEXT          the reply is TEXT (to the end of the message)
///   #long BYTES         a reply of that many bytes
///   #slow MS            the words are spread over MS
///   #hold MS            silence before the response's head
///   #stall MS           silence after the first delta
///   #error STATUS [N]   the first N calls (1) are refused with STATUS
///   #429 [N [S]]        the first N calls (1) are refused with 429 and Retry-After S (0)
///   #because TEXT       what such a refusal says (to the end of the message)
///   #disconnect [N]     the first N calls (1) break off in the middle of the stream
///   #nodone             the stream ends without finish_reason and [DONE]
///   #overloaded [N]     the first N calls (1) end in the stream with an error
///   #garbage [N]        the first N calls (all) answer with invalid JSON
///   #tool NAME {JSON}   asks for that tool; once its result is there, the reply is its text
///   #tools N            asks for N calls of session_status at once
///   #rounds N           asks for session_status N times, one after the other
///   #finish REASON      the finish_reason, instead of "stop"
///   #think              Anthropic: a signed thought first; refused when an earlier one of the
///                       same round did not come back as it was
///
/// A call is the same as an earlier one when it has the same user text and as many tool results.
/// Without a directive the reply is "fake reply to: " and the text. The model "fake-zero" answers
/// as fast as the machine can, the same few words each time.
namespace troupe::test {

/// Wait for `delay`, then send `bytes`; then perhaps close the connection.
struct reply_step {
  std::chrono::milliseconds delay{0};
  std::string bytes;
  bool close = false;
};

struct reply {
  unsigned status = 200;
  std::vector<reply_step> steps; ///< Raw HTTP/1.1.
};

/// `attempt`: 1 for the first such call. `reply_bytes`: length of an undirected reply; 0: its own.
reply write_reply(const chat_call& call, unsigned attempt, std::size_t reply_bytes);

/// The whole answer of "fake-zero" as one piece, made once.
std::string write_zero_reply(std::size_t reply_bytes);

/// A plain JSON response.
std::string write_json_response(unsigned status, const std::string& json,
                                const std::string& headers = {});

} // namespace troupe::test
