#include "tests/bench/sockets.hpp"

#include "tests/bench/process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace troupe::bench {

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
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

void send_all(int fd, std::string& out) {
  while (!out.empty()) {
    const auto sent = ::send(fd, out.data(), out.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN)
      continue;
    if (sent <= 0)
      give_up("the gateway closed a connection");
    out.erase(0, static_cast<std::size_t>(sent));
  }
}

void receive_all(int fd, std::string& in) {
  char piece[64 << 10];
  for (;;) {
    const auto got = recv(fd, piece, sizeof piece, 0);
    if (got < 0 && errno == EAGAIN)
      return;
    if (got <= 0)
      give_up("the gateway closed a connection");
    in.append(piece, static_cast<std::size_t>(got));
    if (got < static_cast<ssize_t>(sizeof piece))
      return;
  }
}

} // namespace troupe::bench
