#include "app/cli/line_reader.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>

namespace troupe::cli {

std::optional<std::string> line_reader::take() {
  const auto end = buffer_.find('\n');
  if (end == std::string::npos && !(ended_ && !buffer_.empty()))
    return std::nullopt;
  auto line = buffer_.substr(0, end);
  buffer_.erase(0, end == std::string::npos ? end : end + 1);
  if (line.ends_with('\r'))
    line.pop_back();
  return line;
}

void line_reader::fill() {
  std::array<char, 65'536> piece{};
  const auto got = ::read(descriptor_, piece.data(), piece.size());
  if (got > 0)
    buffer_.append(piece.data(), static_cast<std::size_t>(got));
  else if (got == 0 || (errno != EINTR && errno != EAGAIN))
    ended_ = true;
  if (buffer_.size() > line_bytes_max && buffer_.find('\n') == std::string::npos) {
    overlong_ = true;
    ended_ = true;
    buffer_.clear();
  }
}

} // namespace troupe::cli
