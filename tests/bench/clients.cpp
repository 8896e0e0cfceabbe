#include "tests/bench/clients.hpp"

#include "tests/bench/process.hpp"
#include "tests/bench/sockets.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <utility>

namespace troupe::bench {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr std::size_t connections_max = 20'000;
constexpr std::size_t handshakes_at_once = 64;
constexpr auto handshake_patience = 30s;

constexpr std::string_view upgrade_request =
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

} // namespace

client_pool::client_pool(std::uint16_t port, std::string token)
    : port_(port),
      connect_frame_(fmt::format(
          R"({{"type":"req","id":"c","method":"connect","params":{{"minProtocol":4,)"
          R"("maxProtocol":4,"client":{{"id":"gateway-client","version":"1","platform":"linux",)"
          R"("mode":"backend"}},"role":"operator","scopes":["operator.read","operator.write"],)"
          R"("caps":["session-scoped-events"],"auth":{{"token":"{}"}}}}}})",
          token)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  connections_.reserve(connections_max);
}

client_pool::~client_pool() {
  for (const auto& each : connections_)
    close(each.fd);
  close(epoll_);
}

connection& client_pool::add_connection() {
  auto& made = connections_.emplace_back();
  made.index = connections_.size() - 1;
  return made;
}

void client_pool::dial(connection& made) {
  made.fd = open_socket(port_);
  made.at = connection::step::upgrading;
  made.in.clear();
  made.out = upgrade_request;
  epoll_event event{.events = EPOLLIN, .data = {.u64 = made.index}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, made.fd, &event);
  send_all(made.fd, made.out);
}

void client_pool::connect(std::size_t count) {
  const auto until = steady::now() + handshake_patience;
  std::size_t dialled = 0;
  std::size_t open = 0;
  while (open < count) {
    for (; dialled < count && dialled - open < handshakes_at_once; ++dialled)
      dial(add_connection());
    pump(100ms, [](connection&, std::string_view) {});
    open += let_in_.size();
    let_in_.clear();
    if (steady::now() > until)
      give_up("not all handshakes finished");
  }
}

std::uint64_t client_pool::shake_hands(std::size_t at_once, std::chrono::milliseconds period) {
  for (std::size_t i = 0; i < at_once; ++i)
    dial(add_connection());
  std::uint64_t count = 0;
  for (const auto until = steady::now() + period; steady::now() < until;) {
    pump(100ms, [](connection&, std::string_view) {});
    count += let_in_.size();
    for (const auto index : std::exchange(let_in_, {})) {
      close(connections_[index].fd);
      dial(connections_[index]);
    }
  }
  return count;
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
  send_all(to.fd, to.out);
}

void client_pool::pump(std::chrono::milliseconds patience, const on_text& told) {
  epoll_event events[256];
  const int count = epoll_wait(epoll_, events, 256, static_cast<int>(patience.count()));
  for (int i = 0; i < count; ++i)
    read_some(connections_[events[i].data.u64], told);
}

void client_pool::read_some(connection& from, const on_text& told) {
  receive_all(from.fd, from.in);
  if (from.at != connection::step::upgrading || finish_upgrade(from))
    hand_out(from, told);
}

bool client_pool::finish_upgrade(connection& from) {
  const auto end = from.in.find("\r\n\r\n");
  if (end == std::string::npos)
    return false;
  if (!from.in.starts_with("HTTP/1.1 101 "))
    give_up("no upgrade: " + from.in);
  from.in.erase(0, end + 4);
  from.at = connection::step::challenged;
  return true;
}

void client_pool::go_on_with_handshake(connection& from, std::string_view text) {
  if (text.starts_with(R"({"type":"event","event":"connect.challenge")")) {
    send(from, connect_frame_);
  } else if (text.find(R"("type":"hello-ok")") != std::string_view::npos) {
    from.at = connection::step::open;
    let_in_.push_back(from.index);
  } else {
    give_up("refused: " + std::string{text});
  }
}

void client_pool::hand_out(connection& from, const on_text& told) {
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
    if (opcode == 8)
      give_up("the gateway sent a close frame");
    if (opcode == 1 && from.at != connection::step::open)
      go_on_with_handshake(from, payload);
    else if (opcode == 1)
      told(from, payload);
    at += head + size;
  }
  from.in.erase(0, at);
}

} // namespace troupe::bench
