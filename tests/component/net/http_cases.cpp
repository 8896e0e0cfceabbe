#include "tests/component/net/http_cases.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace troupe::test {

namespace {

constexpr std::size_t bytewise_max = 700;
constexpr std::string_view alive = "GET /alive HTTP/1.1\r\nHost: test\r\n\r\n";

std::string text_of(const net::http_request& request) {
  auto text = request.method + " " + request.target;
  if (!request.body.empty())
    text += "[" + request.body + "]";
  return text;
}

std::string seen(server_book& book, std::size_t from) {
  const std::lock_guard lock{book.mutex};
  std::string all;
  for (auto i = from; i < book.requests.size(); ++i)
    all += (i == from ? "" : "|") + text_of(book.requests[i]);
  return all;
}

std::size_t count_seen(server_book& book) {
  const std::lock_guard lock{book.mutex};
  return book.requests.size();
}

std::string read_answers(raw_socket& client, std::string_view expected) {
  const auto wanted = expected.empty() ? 0 : std::count(expected.begin(), expected.end(), ' ') + 1;
  std::string got;
  for (auto i = wanted; i > 0; --i) {
    const auto response = client.read_response();
    if (!response)
      break;
    got += (got.empty() ? "" : " ") + std::to_string(response->status);
    if (response->status >= 200 && response->header("X-Content-Type-Options") != "nosniff")
      got += " without nosniff";
  }
  return got;
}

void run(server_world& world, const http_case& one, bool bytewise) {
  INFO(one.name << (bytewise ? ", byte by byte" : ""));
  const auto before = count_seen(world.book());
  auto client = world.connect();
  if (bytewise)
    for (const char c : one.bytes)
      client.send({&c, 1});
  else
    client.send(one.bytes);
  if (one.half_close)
    client.half_close();
  CHECK(read_answers(client, one.answers) == one.answers);
  if (one.after == http_case::then::goes_on) {
    client.send(alive);
    CHECK(client.read_response().value_or(raw_response{}).body == "GET /alive");
    const std::string suffix = one.reaches.empty() ? "GET /alive" : "|GET /alive";
    CHECK(seen(world.book(), before) == one.reaches + suffix);
    return;
  }
  CHECK(client.read_to_end().rest.empty());
  CHECK(seen(world.book(), before) == one.reaches);
}

} // namespace

std::string request_head(std::string_view line, std::string_view more) {
  std::string head{line};
  head += " HTTP/1.1\r\nHost: test\r\n";
  head += more;
  head += "\r\n";
  return head;
}

void run_http_cases(const std::vector<http_case>& cases, std::size_t count,
                    net::server_limits limits) {
  CHECK(cases.size() == count);
  server_world world{limits};
  for (const auto& one : cases) {
    run(world, one, false);
    if (one.way == http_case::sent::both_ways && one.bytes.size() <= bytewise_max)
      run(world, one, true);
  }
  auto honest = world.connect();
  honest.send(alive);
  CHECK(honest.read_response().value_or(raw_response{}).status == 200);
}

} // namespace troupe::test
