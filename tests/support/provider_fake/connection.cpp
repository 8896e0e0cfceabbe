#include "tests/support/provider_fake/connection.hpp"

#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

namespace troupe::test {
namespace {

constexpr std::size_t request_bytes_max = 64u << 20;

bool same_name(std::string_view line, std::string_view name) {
  return line.size() > name.size() && line[name.size()] == ':' &&
         strncasecmp(line.data(), name.data(), name.size()) == 0;
}

} // namespace

request_state read_request(std::string_view bytes, raw_request& out) {
  const auto head_end = bytes.find("\r\n\r\n");
  if (head_end == std::string_view::npos)
    return bytes.size() > request_bytes_max ? request_state::malformed : request_state::incomplete;
  auto head = bytes.substr(0, head_end + 2);
  const auto line = head.substr(0, head.find("\r\n"));
  const auto first = line.find(' ');
  const auto second = line.find(' ', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos)
    return request_state::malformed;
  out = {line.substr(0, first),
         line.substr(first + 1, second - first - 1),
         false,
         false,
         head_end + 4,
         0};
  std::size_t body = 0;
  while (!head.empty()) {
    const auto end = head.find("\r\n");
    const auto field = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (same_name(field, "content-length")) {
      const auto digits = field.substr(field.find_first_of("0123456789"));
      std::from_chars(digits.data(), digits.data() + digits.size(), body);
    } else if (same_name(field, "authorization") || same_name(field, "x-api-key")) {
      out.authorized = true;
    } else if (same_name(field, "anthropic-version")) {
      out.has_version = true;
    }
  }
  out.bytes = out.body_at + body;
  if (out.bytes > request_bytes_max)
    return request_state::malformed;
  return bytes.size() < out.bytes ? request_state::incomplete : request_state::whole;
}

connection::~connection() {
  close(fd);
}

bool connection::flush() {
  while (sent < out.size()) {
    const auto count = send(fd, out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
    if (count < 0)
      return errno == EAGAIN || errno == EINTR;
    sent += static_cast<std::size_t>(count);
  }
  out.clear();
  sent = 0;
  return true;
}

bool connection::receive() {
  static thread_local std::array<char, 64u << 10> buffer;
  const auto count = recv(fd, buffer.data(), buffer.size(), 0);
  if (count == 0)
    return false;
  if (count < 0)
    return errno == EAGAIN || errno == EINTR;
  in.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

} // namespace troupe::test
