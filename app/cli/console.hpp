#pragma once

#include "app/cli/environment.hpp"
#include "app/cli/failure.hpp"

#include <string>
#include <string_view>

/// Where verbs print. Results go to stdout, everything said about them to stderr; with `--json`
/// stdout gets one object and nothing else.
namespace troupe::cli {

class console {
public:
  console(const environment& around, bool json);

  bool json() const { return json_; }
  /// One result line (human mode only).
  void line(std::string_view text) const;
  /// A piece of a line, flushed (human mode only).
  void piece(std::string_view text) const;
  /// Something beside the result, dim on a terminal (human mode only; stdout).
  void aside(std::string_view text) const;
  /// To stderr, in both modes; on a terminal not behind a half-written line.
  void note(std::string_view text) const;
  /// What is wrong and what to do, in either form; the exit status.
  int fail(const failure& why) const;
  /// The one object (JSON mode only); `ok` is added in front when it has none.
  void object(boost::json::object result) const;
  /// The object, or `text` in human mode.
  void result(boost::json::object machine, std::string_view human) const;

private:
  const environment& around_;
  const bool json_;
  const bool colour_out_;
  const bool colour_err_;
  mutable bool line_open_ = false; ///< What was written last has no end yet.
};

/// `text` as it may be shown on a terminal: escape sequences and other control characters from
/// outside, which could move the cursor or retitle the window, are left out.
std::string printable(std::string_view text);

/// JSON on several lines, two spaces deep, for people.
std::string pretty(const boost::json::value& value);

} // namespace troupe::cli
