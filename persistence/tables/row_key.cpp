#include "persistence/tables/row_key.hpp"

namespace troupe {
namespace {

constexpr char escape = '\x00';
constexpr char escaped_zero = '\xff';
constexpr char end_of_text = '\x01';

} // namespace

row_key& row_key::text(std::string_view value) {
  for (const char byte : value) {
    key_ += byte;
    if (byte == escape)
      key_ += escaped_zero;
  }
  key_ += escape;
  key_ += end_of_text;
  return *this;
}

row_key& row_key::number(std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8)
    key_ += static_cast<char>(value >> shift & 0xff);
  return *this;
}

row_key& row_key::raw(std::string_view bytes) {
  key_ += bytes;
  return *this;
}

bool row_key_reader::table(char expected) {
  const auto found = raw(1);
  failed_ = failed_ || found.front() != expected; // empty only after a failure
  return !failed_;
}

std::string row_key_reader::text() {
  std::string out;
  while (!failed_) {
    const auto end = rest_.find(escape);
    failed_ = end == std::string_view::npos || end + 1 == rest_.size();
    if (failed_)
      break;
    out += rest_.substr(0, end);
    const char mark = rest_[end + 1];
    rest_.remove_prefix(end + 2);
    if (mark == end_of_text)
      return out;
    failed_ = mark != escaped_zero;
    out += escape;
  }
  return {};
}

std::uint64_t row_key_reader::number() {
  std::uint64_t value = 0;
  for (const char byte : raw(sizeof value))
    value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

std::string_view row_key_reader::raw(std::size_t size) {
  failed_ = failed_ || rest_.size() < size;
  if (failed_)
    return {};
  const auto out = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return out;
}

result<void> row_key_reader::finish(std::string_view what) const {
  if (failed_ || !rest_.empty())
    return error{errc::corrupt, std::string{what} + ": a row key of another shape"};
  return boost::outcome_v2::success();
}

} // namespace troupe
