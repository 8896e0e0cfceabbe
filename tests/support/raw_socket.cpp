#include "tests/support/raw_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace troupe::test {

namespace {

constexpr int wait_ms_max = 10'000;

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return out;
}

unsigned byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

} // namespace

std::string raw_response::header(std::string_view name) const {
  const auto at = lower(head).find("\r\n" + lower(name) + ": ");
  if (at == std::string::npos)
    return {};
  const auto from = at + name.size() + 4;
  return head.substr(from, head.find("\r\n", from) - from);
}

std::uint16_t raw_frame::close_code() const {
  if (opcode != 8 || payload.size() < 2)
    return 0;
  return static_cast<std::uint16_t>(byte_at(payload, 0) << 8 | byte_at(payload, 1));
}

raw_socket::raw_socket(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd_ < 0 || ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error{"cannot connect to the port under test"};
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

raw_socket::~raw_socket() {
  if (fd_ >= 0)
    ::close(fd_);
}

raw_socket::raw_socket(raw_socket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)) {}

bool raw_socket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    pollfd ready{fd_, POLLOUT, 0};
    if (::poll(&ready, 1, wait_ms_max) <= 0)
      return false;
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void raw_socket::half_close() {
  ::shutdown(fd_, SHUT_WR);
}

void raw_socket::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(std::exchange(fd_, -1));
}

void raw_socket::set_receive_buffer(int bytes) {
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

bool raw_socket::fill() {
  pollfd ready{fd_, POLLIN, 0};
  if (::poll(&ready, 1, wait_ms_max) <= 0)
    return false;
  std::array<char, 65'536> piece{};
  const auto got = ::recv(fd_, piece.data(), piece.size(), 0);
  if (got <= 0)
    return false;
  buffer_.append(piece.data(), static_cast<std::size_t>(got));
  return true;
}

std::optional<raw_response> raw_socket::read_response(bool to_head) {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
    if (!fill())
      return {};
  raw_response response;
  response.head = buffer_.substr(0, end);
  buffer_.erase(0, end + 4);
  response.status = static_cast<unsigned>(std::stoul(response.head.substr(9, 3)));
  const auto length = response.header("Content-Length");
  const std::size_t bytes = to_head || length.empty() ? 0 : std::stoul(length);
  while (buffer_.size() < bytes)
    if (!fill())
      return {};
  response.body = buffer_.substr(0, bytes);
  buffer_.erase(0, bytes);
  return response;
}

std::optional<raw_response> raw_socket::read_final() {
  auto response = read_response();
  while (response && response->status < 200)
    response = read_response();
  return response;
}

bool raw_socket::need(std::size_t bytes) {
  while (buffer_.size() < bytes)
    if (!fill())
      return false;
  return true;
}

std::optional<std::string> raw_socket::read_line() {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n")) == std::string::npos)
    if (!fill())
      return {};
  auto line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

std::optional<std::string> raw_socket::read_chunk() {
  const auto line = read_line();
  if (!line || line->empty() || line->find_first_not_of("0123456789abcdefABCDEF") != line->npos)
    return {};
  const auto bytes = std::stoul(*line, nullptr, 16);
  if (!need(bytes + 2) || buffer_.compare(bytes, 2, "\r\n") != 0)
    return {};
  auto chunk = buffer_.substr(0, bytes);
  buffer_.erase(0, bytes + 2);
  return chunk;
}

raw_socket::ending raw_socket::read_to_end() {
  ending all{std::exchange(buffer_, {}), false};
  for (;;) {
    pollfd ready{fd_, POLLIN, 0};
    if (::poll(&ready, 1, wait_ms_max) <= 0)
      return all;
    std::array<char, 65'536> piece{};
    const auto got = ::recv(fd_, piece.data(), piece.size(), 0);
    all.clean = got == 0;
    if (got <= 0)
      return all;
    all.rest.append(piece.data(), static_cast<std::size_t>(got));
  }
}

bool raw_socket::closes() {
  for (;;) {
    pollfd ready{fd_, POLLIN, 0};
    if (::poll(&ready, 1, wait_ms_max) <= 0)
      return false;
    std::array<char, 65'536> piece{};
    if (::recv(fd_, piece.data(), piece.size(), 0) <= 0)
      return true;
  }
}

bool raw_socket::upgrade(std::string_view target, std::string_view more_headers) {
  std::string request = "GET ";
  request += target;
  request += " HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  request += more_headers;
  request += "\r\n";
  send(request);
  const auto response = read_response(true);
  return response && response->status == 101;
}

bool raw_socket::send_frame(unsigned opcode, std::string_view payload, bool final) {
  std::string frame;
  const auto put = [&frame](std::size_t value) { frame += static_cast<char>(value & 0xff); };
  put((final ? 0x80u : 0u) | opcode);
  if (payload.size() < 126) {
    put(0x80 | payload.size());
  } else if (payload.size() < 65'536) {
    put(0x80 | 126);
    put(payload.size() >> 8);
    put(payload.size());
  } else {
    put(0x80 | 127);
    for (int shift = 56; shift >= 0; shift -= 8)
      put(payload.size() >> shift);
  }
  constexpr std::string_view mask = "\x12\x34\x56\x78";
  frame += mask;
  for (std::size_t i = 0; i < payload.size(); ++i)
    put(byte_at(payload, i) ^ byte_at(mask, i % 4));
  return send(frame);
}

std::optional<raw_frame> raw_socket::read_frame() {
  if (!need(2))
    return {};
  raw_frame frame;
  frame.final = (byte_at(buffer_, 0) & 0x80) != 0;
  frame.opcode = byte_at(buffer_, 0) & 0x0f;
  std::size_t length = byte_at(buffer_, 1) & 0x7f;
  const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (!need(2 + extra))
    return {};
  if (extra > 0)
    length = 0;
  for (std::size_t i = 0; i < extra; ++i)
    length = length << 8 | byte_at(buffer_, 2 + i);
  if (!need(2 + extra + length))
    return {};
  frame.payload = buffer_.substr(2 + extra, length);
  buffer_.erase(0, 2 + extra + length);
  return frame;
}

std::optional<raw_frame> raw_socket::read_data() {
  for (;;) {
    auto frame = read_frame();
    if (!frame || frame->opcode != 9)
      return frame;
  }
}

} // namespace troupe::test
