#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::net {

inline constexpr std::size_t sse_line_bytes_max = 1u << 20;
inline constexpr std::size_t sse_event_bytes_max = 4u << 20;

/// One event of a stream. The views hold until the parser's next call.
struct sse_event {
  std::string_view type; ///< "message" when the stream named none.
  std::string_view data; ///< Its `data` lines joined by "\n".
  std::string_view id;   ///< The last id seen in the stream, as `Last-Event-ID` would send it.
};

/// Server-sent events, incrementally: pieces may be cut anywhere, also inside CR LF or a UTF-8
/// sequence, without changing the result. Pure.
/// Source: WHATWG HTML, section 9.2.6 "Interpreting an event stream". `retry` is ignored:
/// reconnecting is the caller's business.
///
///   parser.feed(piece);
///   while (more) { TR_TRY(more, parser.next(event)); … }
class sse_parser {
public:
  /// Hands over the next bytes; `piece` must live until `next` has answered false.
  /// The previous piece must have been read to its end.
  void feed(std::string_view piece);
  /// True: `event` is the next one. False: more bytes are needed.
  /// Errors: `overloaded`: a line or an event is over its bound; the stream is of no more use.
  result<bool> next(sse_event& event);

private:
  bool take_line(std::string_view& line);
  result<void> take_field(std::string_view line);
  void start_event();

  std::string_view rest_;
  std::string partial_line_;
  std::string line_; // A line that was put together from several pieces.
  std::string type_;
  std::string data_;
  std::string id_;
  bool has_data_ = false;
  bool event_out_ = false; // The caller still looks at the last event.
  bool skip_line_feed_ = false;
  bool first_line_ = true;
};

} // namespace troupe::net
