#include "tests/bench/callers.hpp"

#include "tests/bench/process.hpp"
#include "tests/bench/sockets.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <charconv>
#include <optional>

namespace troupe::bench {
namespace {

/// Of the first answer in `in`; nullopt: not all of it is there.
struct answer_size {
  std::size_t head = 0;
  std::size_t body = 0;
};
std::optional<answer_size> whole_answer(std::string_view in) {
  constexpr std::string_view field = "\r\nContent-Length: ";
  const auto end = in.find("\r\n\r\n");
  if (end == std::string_view::npos)
    return std::nullopt;
  const auto head = in.substr(0, end);
  const auto at = head.find(field);
  answer_size size{end + 4, 0};
  if (at == std::string_view::npos ||
      std::from_chars(head.data() + at + field.size(), head.data() + end, size.body).ec !=
          std::errc{})
    give_up("an answer does not say its length: " + std::string{head});
  return in.size() >= size.head + size.body ? std::optional{size} : std::nullopt;
}

} // namespace

caller_pool::caller_pool(std::uint16_t port, std::string_view token, std::size_t count)
    : token_(token), epoll_(epoll_create1(EPOLL_CLOEXEC)), callers_(count) {
  for (std::size_t i = 0; i < count; ++i) {
    callers_[i].fd = open_socket(port);
    epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, callers_[i].fd, &event);
  }
}

caller_pool::~caller_pool() {
  for (const auto& each : callers_)
    close(each.fd);
  close(epoll_);
}

void caller_pool::post(caller& from, std::string_view path, std::string_view body) {
  auto request = fmt::format("POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\n"
                             "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                             path, token_, body.size(), body);
  send_all(from.fd, request);
}

void caller_pool::pump(std::chrono::milliseconds patience, const on_answer& told) {
  epoll_event events[256];
  const int count = epoll_wait(epoll_, events, 256, static_cast<int>(patience.count()));
  for (int i = 0; i < count; ++i) {
    auto& from = callers_[events[i].data.u64];
    receive_all(from.fd, from.in);
    while (const auto size = whole_answer(from.in)) {
      const auto answer = from.in.substr(0, size->head + size->body);
      from.in.erase(0, answer.size());
      if (!answer.starts_with("HTTP/1.1 200 "))
        give_up("refused: " + answer);
      told(from, std::string_view{answer}.substr(size->head));
    }
  }
}

} // namespace troupe::bench
