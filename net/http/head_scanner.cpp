#include "net/http/head_scanner.hpp"

namespace troupe::net {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// "… HTTP/1.1", whatever the digits are.
bool names_version(std::string_view line) {
  constexpr std::string_view name = " HTTP/";
  constexpr std::size_t bytes = name.size() + 3;
  if (line.size() < bytes)
    return false;
  const auto end = line.substr(line.size() - bytes);
  return end.starts_with(name) && is_digit(end[6]) && end[7] == '.' && is_digit(end[8]);
}

/// Neither in names nor in values nor in targets; HTAB may be in values.
bool is_control(char c) {
  const auto code = static_cast<unsigned char>(c);
  return (code < 0x20 && c != '\t') || code == 0x7f;
}

} // namespace

head_scanner::verdict head_scanner::look(std::string_view text) {
  for (; at_ < text.size() && found_ == verdict::more && has_room(); ++at_)
    if (is_refused(text))
      found_ = verdict::malformed;
    else if (text[at_] == '\n')
      end_line(text);
  if (found_ == verdict::more && !has_room())
    found_ = verdict::too_large;
  return found_;
}

/// The byte at `at_` cannot be there.
bool head_scanner::is_refused(std::string_view text) const {
  const char c = text[at_];
  const bool after_cr = at_ > line_began_ && text[at_ - 1] == '\r';
  if (c == '\n' || after_cr)
    return c != '\n' || !after_cr;
  if (c == '\r')
    return false;
  const bool folded = at_ == line_began_ && !first_line_ && (c == ' ' || c == '\t');
  return folded || is_control(c);
}

/// A line ends at `at_`.
void head_scanner::end_line(std::string_view text) {
  const auto line = text.substr(line_began_, at_ - 1 - line_began_);
  line_began_ = at_ + 1;
  if (!first_line_) {
    if (line.empty())
      found_ = verdict::whole;
    return;
  }
  if (line.empty() && skipped_ == 0) {
    skipped_ = line_began_;
    return;
  }
  first_line_ = false;
  if (!names_version(line))
    found_ = verdict::malformed;
  else if (!line.ends_with("1.1") && !line.ends_with("1.0"))
    found_ = verdict::other_version;
}

} // namespace troupe::net
