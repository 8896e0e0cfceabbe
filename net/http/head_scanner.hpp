#pragma once

#include <cstddef>
#include <string_view>

namespace troupe::net {

/// Finds the end of a request's head in what has come so far, and refuses on the way what no proper
/// client sends and what parsers are known to read in different ways: bare CR and LF, folded lines,
/// controls, a first line that is not HTTP. So rubbish is answered at once instead of at a
/// deadline, and no byte is looked at twice. What the fields mean is the parser's and
/// `refuse_head`'s to see. Pure. Source: RFC 9112, sections 2.2, 3 and 5.2.
class head_scanner {
public:
  enum class verdict {
    more,          ///< The head goes on.
    whole,         ///< It ends within `text`, at `bytes()`.
    malformed,     ///< 400
    other_version, ///< 505: neither HTTP/1.0 nor HTTP/1.1.
    too_large,     ///< It is longer than allowed, or will be.
  };

  explicit head_scanner(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// `text`: everything since the request's first byte, not less than the last time.
  verdict look(std::string_view text);
  /// From the first byte to behind the empty line; one empty line before the request counts, too.
  std::size_t bytes() const { return at_; }
  /// The empty line before the request that a parser need not see: 0 or 2.
  std::size_t skipped() const { return skipped_; }

private:
  bool has_room() const { return at_ - skipped_ < bytes_max_; }
  bool is_refused(std::string_view text) const;
  void end_line(std::string_view text);

  const std::size_t bytes_max_;
  std::size_t at_ = 0;         ///< Looked at up to here.
  std::size_t line_began_ = 0; ///< Of the line that `at_` is in.
  std::size_t skipped_ = 0;
  bool first_line_ = true;
  verdict found_ = verdict::more; ///< Anything else is final.
};

} // namespace troupe::net
