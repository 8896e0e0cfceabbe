#include "app/cli/stream_printer.hpp"

#include <utility>

namespace troupe::cli {

void stream_printer::delta(std::string_view added, const std::string* full, bool replace) {
  if (full)
    return so_far(*full);
  so_far(replace ? std::string{added} : current_ + std::string{added});
}

void stream_printer::so_far(std::string_view full) {
  current_ = full;
  if (shown_.starts_with(full))
    return; // Said before; the new text comes when it goes beyond.
  if (!full.starts_with(shown_))
    return start_again(full);
  write(full.substr(shown_.size()));
  shown_ = full;
  part_ended_ = false;
}

void stream_printer::start_again(std::string_view full) {
  if (!std::exchange(part_ended_, false))
    aside("· the answer was started again");
  write(full);
  shown_ = full;
}

void stream_printer::finish(std::string_view final) {
  if (!final.empty() && !shown_.ends_with(final)) {
    if (final.starts_with(shown_))
      so_far(final);
    else
      start_again(final);
  }
  if (!final.empty())
    current_ = final;
  break_line();
}

void stream_printer::aside(std::string_view text) {
  break_line();
  pending_.push_back({piece::kind::aside, std::string{text}});
}

std::vector<piece> stream_printer::take() {
  return std::exchange(pending_, {});
}

void stream_printer::write(std::string_view text) {
  if (text.empty())
    return;
  if (pending_.empty() || pending_.back().what != piece::kind::text)
    pending_.push_back({piece::kind::text, {}});
  pending_.back().text += text;
  line_open_ = !text.ends_with('\n');
}

void stream_printer::break_line() {
  if (line_open_)
    write("\n");
}

} // namespace troupe::cli
