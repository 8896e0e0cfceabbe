#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe::cli {

/// Something to show. An aside stands on a line of its own.
struct piece {
  enum class kind { text, aside };
  kind what = kind::text;
  std::string text;
  friend bool operator==(const piece&, const piece&) = default;
};

/// Turns the deltas of one answer into what is written to a terminal or a file, where nothing can
/// be taken back: text that is already there is not written again, whether it comes twice because
/// the gateway was restarted (`replace`), because history was read, or with the final message. When
/// the new text contradicts what is shown, it is written again as a whole behind a remark. Pure.
class stream_printer {
public:
  /// One delta. `full` is the whole text so far; null when the sender left it out.
  void delta(std::string_view added, const std::string* full, bool replace);
  /// The whole text so far, read from somewhere else than a delta.
  void so_far(std::string_view full);
  void aside(std::string_view text);
  /// A tool was called: gateways either go on with the same text behind it or begin a new one,
  /// which then contradicts nothing.
  void part_ended() { part_ended_ = true; }
  /// The answer is complete; empty: what was streamed is all. `final` may be the last part of what
  /// was shown, when tools were used in between. Ends the line.
  void finish(std::string_view final);

  /// What is to be written since the last call.
  std::vector<piece> take();
  /// The answer as far as it is known.
  const std::string& text() const { return current_; }

private:
  void write(std::string_view text);
  void break_line();
  void start_again(std::string_view full);

  std::string current_;     ///< What the gateway says the answer is.
  std::string shown_;       ///< What is on the screen of it.
  bool part_ended_ = false; ///< No text since.
  bool line_open_ = false;
  std::vector<piece> pending_;
};

} // namespace troupe::cli
