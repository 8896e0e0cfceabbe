#include "net/client/sse.hpp"

#include <cstring>

namespace troupe::net {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

std::size_t find_line_end(std::string_view text) {
  const void* feed = std::memchr(text.data(), '\n', text.size());
  const auto length = feed == nullptr
                          ? text.size()
                          : static_cast<std::size_t>(static_cast<const char*>(feed) - text.data());
  const void* carriage = std::memchr(text.data(), '\r', length);
  if (carriage != nullptr)
    return static_cast<std::size_t>(static_cast<const char*>(carriage) - text.data());
  return feed == nullptr ? std::string_view::npos : length;
}

} // namespace

void sse_parser::feed(std::string_view piece) {
  rest_ = piece;
}

// False when the piece ends before the line does.
bool sse_parser::take_line(std::string_view& line) {
  if (skip_line_feed_ && !rest_.empty()) {
    skip_line_feed_ = false;
    if (rest_.front() == '\n')
      rest_.remove_prefix(1);
  }
  if (rest_.empty())
    return false;
  const auto end = find_line_end(rest_);
  if (end == std::string_view::npos) {
    // One byte over the bound is enough to tell that it is over.
    partial_line_.append(rest_.substr(0, sse_line_bytes_max + 1 - partial_line_.size()));
    rest_ = {};
    return false;
  }
  line = rest_.substr(0, end);
  if (!partial_line_.empty()) {
    partial_line_.append(line.substr(0, sse_line_bytes_max + 1 - partial_line_.size()));
    line_.swap(partial_line_);
    partial_line_.clear();
    line = line_;
  }
  skip_line_feed_ = rest_[end] == '\r';
  rest_.remove_prefix(end + 1);
  return true;
}

result<void> sse_parser::take_field(std::string_view line) {
  const auto colon = line.find(':');
  const auto name = line.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
  if (value.starts_with(' '))
    value.remove_prefix(1);
  if (name == "data") {
    if (has_data_)
      data_ += '\n';
    has_data_ = true;
    data_ += value;
  } else if (name == "event") {
    type_ = value;
  } else if (name == "id" && value.find('\0') == std::string_view::npos) {
    id_ = value;
  }
  if (data_.size() + type_.size() + id_.size() > sse_event_bytes_max)
    return error{errc::overloaded, "an event of the stream is over its bound"};
  return boost::outcome_v2::success();
}

void sse_parser::start_event() {
  event_out_ = false;
  has_data_ = false;
  type_.clear();
  data_.clear();
}

result<bool> sse_parser::next(sse_event& event) {
  if (event_out_)
    start_event();
  std::string_view line;
  while (take_line(line)) {
    if (line.size() > sse_line_bytes_max)
      return error{errc::overloaded, "a line of the stream is over its bound"};
    if (first_line_ && line.starts_with(byte_order_mark))
      line.remove_prefix(byte_order_mark.size());
    first_line_ = false;
    if (!line.empty()) {
      TR_TRY(take_field(line));
      continue;
    }
    if (!has_data_) {
      start_event();
      continue;
    }
    event_out_ = true;
    event = {type_.empty() ? std::string_view{"message"} : std::string_view{type_}, data_, id_};
    return true;
  }
  if (partial_line_.size() > sse_line_bytes_max)
    return error{errc::overloaded, "a line of the stream is over its bound"};
  return false;
}

} // namespace troupe::net
