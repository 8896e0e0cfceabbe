#include "tests/bench/clients.hpp"

#include "tests/bench/process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace troupe::bench {
namespace {

constexpr std::size_t connections_max = 20'000;

int open_socket(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    give_up(std::string{"cannot connect: "} + std::strerror(errno));
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

/// Blocking, during the upgrade only.
void upgrade(int fd) {
  const std::string request = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                              "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  if (::send(fd, request.data(), request.size(), 0) != static_cast<ssize_t>(request.size()))
    give_up("the upgrade could not be sent");
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    char byte = 0;
    if (recv(fd, &byte, 1, 0) != 1)
      give_up("the connection ended in the upgrade: " + head);
    head += byte;
  }
  if (head.find(" 101 ") == std::string::npos)
    give_up("no upgrade: " + head);
}

} // namespace

client_pool::client_pool(std::uint16_t port, std::string token)
    : port_(port), token_(std::move(token)), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  connections_.reserve(connections_max);
}

client_pool::~client_pool() {
  for (const auto& each : connections_)
    close(each.fd);
  close(epoll_);
}

void client_pool::connect(std::size_t count) {
  const auto first = connections_.size();
  for (std::size_t i = 0; i < count; ++i) {
    auto& made = connections_.emplace_back();
    made.index = connections_.size() - 1;
    made.fd = open_socket(port_);
    upgrade(made.fd);
    fcntl(made.fd, F_SETFL, O_NONBLOCK);
    epoll_event event{.events = EPOLLIN, .data = {.u64 = made.index}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, made.fd, &event);
    send(made,
         fmt::format(
             R"({{"type":"req","id":"c","method":"connect","params":{{"minProtocol":4,)"
             R"("maxProtocol":4,"client":{{"id":"gateway-client","version":"1","platform":"linux",)"
             R"("mode":"backend"}},"role":"operator","scopes":["operator.read","operator.write"],)"
             R"("caps":["session-scoped-events"],"auth":{{"token":"{}"}}}}}})",
             token_));
  }
  std::size_t open = first;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (open < connections_.size()) {
    if (std::chrono::steady_clock::now() > deadline)
      give_up("not all handshakes finished");
    pump(std::chrono::milliseconds{100}, [&](connection&, std::string_view text) {
      if (text.find("\"hello-ok\"") != std::string_view::npos)
        ++open;
      else if (text.find("\"ok\":false") != std::string_view::npos)
        give_up("refused: " + std::string{text});
    });
  }
}

void client_pool::send(connection& to, std::string_view text) {
  std::string head(1, static_cast<char>(0x81));
  if (text.size() < 126) {
    head += static_cast<char>(0x80 | text.size());
  } else {
    head += static_cast<char>(0x80 | 126);
    head += static_cast<char>(text.size() >> 8);
    head += static_cast<char>(text.size());
  }
  // A mask of zeros is a mask.
  head.append(4, '\0');
  to.out += head;
  to.out += text;
  write_some(to);
}

void client_pool::write_some(connection& to) {
  while (!to.out.empty()) {
    const auto sent = ::send(to.fd, to.out.data(), to.out.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN)
      continue;
    if (sent <= 0)
      give_up("the gateway closed a connection");
    to.out.erase(0, static_cast<std::size_t>(sent));
  }
}

void client_pool::pump(std::chrono::milliseconds patience,
                       const std::function<void(connection&, std::string_view)>& on_text) {
  epoll_event events[256];
  const int count = epoll_wait(epoll_, events, 256, static_cast<int>(patience.count()));
  for (int i = 0; i < count; ++i)
    read_some(connections_[events[i].data.u64], on_text);
}

void client_pool::read_some(connection& from,
                            const std::function<void(connection&, std::string_view)>& on_text) {
  char piece[64 << 10];
  for (;;) {
    const auto got = recv(from.fd, piece, sizeof piece, 0);
    if (got < 0 && errno == EAGAIN)
      break;
    if (got <= 0)
      give_up("the gateway closed a connection");
    from.in.append(piece, static_cast<std::size_t>(got));
    if (got < static_cast<ssize_t>(sizeof piece))
      break;
  }
  hand_out(from, on_text);
}

void client_pool::hand_out(connection& from,
                           const std::function<void(connection&, std::string_view)>& on_text) {
  std::size_t at = 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(from.in[at + i]); };
  while (from.in.size() - at >= 2) {
    std::size_t head = 2;
    std::size_t size = byte(1) & 0x7f;
    if (size == 126) {
      head = 4;
      if (from.in.size() - at < head)
        break;
      size = static_cast<std::size_t>(byte(2)) << 8 | byte(3);
    } else if (size == 127) {
      head = 10;
      if (from.in.size() - at < head)
        break;
      size = 0;
      for (std::size_t i = 2; i < 10; ++i)
        size = size << 8 | byte(i);
    }
    if (from.in.size() - at < head + size)
      break;
    const auto opcode = byte(0) & 0x0f;
    const std::string_view payload{from.in.data() + at + head, size};
    if (opcode == 1)
      on_text(from, payload);
    else if (opcode == 8)
      give_up("the gateway sent a close frame");
    at += head + size;
  }
  from.in.erase(0, at);
}

} // namespace troupe::bench
