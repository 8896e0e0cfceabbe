#include "net/http/response_text.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {

namespace {

constexpr std::time_t when = 1'763'838'646; // Sat, 22 Nov 2025 19:10:46 GMT

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

} // namespace

TEST_CASE("response text: is a status line, headers and an empty line", "[http]") {
  CHECK(net::response_head(net::text_response(404, "Not Found"), net::after_response::keep_alive,
                           when) ==
        "HTTP/1.1 404 Not Found\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Referrer-Policy: no-referrer\r\n"
        "Permissions-Policy: camera=(), microphone=(self), geolocation=()\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Length: 9\r\n"
        "Date: Sat, 22 Nov 2025 19:10:46 GMT\r\n"
        "Connection: keep-alive\r\n\r\n");
}

TEST_CASE("response text: a response may set its own standing headers", "[http]") {
  const auto head = net::response_head({200, {{"permissions-policy", "camera=(self)"}}, {}},
                                       net::after_response::close, when);
  CHECK(count(head, "ermissions-") == 1);
  CHECK(count(head, "camera=(self)") == 1);
  CHECK(count(head, "Connection: close") == 1);
}

TEST_CASE("response text: nothing can break out of its line or change the framing", "[http]") {
  const auto head = net::response_head({200,
                                        {{"X-Good", "yes"},
                                         {"X-Evil", "a\r\nSet-Cookie: b"},
                                         {"X-Null", std::string{"a\0b", 3}},
                                         {"X Space", "a"},
                                         {"", "a"},
                                         {"X:Colon", "a"},
                                         {"content-length", "7"},
                                         {"Transfer-Encoding", "chunked"},
                                         {"connection", "upgrade"}},
                                        "body"},
                                       net::after_response::keep_alive, when);
  CHECK(count(head, "X-Good: yes\r\n") == 1);
  for (const auto* gone : {"Evil", "Cookie", "Null", "Space", "Colon", "chunked", "upgrade", ": 7"})
    CHECK(count(head, gone) == 0);
  CHECK(count(head, "Content-Length: 4\r\n") == 1);
}

TEST_CASE("response text: 204 and 304 announce no body", "[http]") {
  for (const unsigned status : {204u, 304u}) {
    const auto head = net::response_head({status, {}, {}}, net::after_response::keep_alive, when);
    CHECK(count(head, "Content-Length") == 0);
    CHECK_FALSE(net::has_body(status));
  }
}

TEST_CASE("response text: a stream's head says how its end is found", "[http]") {
  const net::http_response stream{200, {{"Content-Length", "3"}}, {}};
  const auto chunked =
      net::response_head(stream, net::after_response::keep_alive, when, net::body_framing::chunked);
  const auto open =
      net::response_head(stream, net::after_response::close, when, net::body_framing::until_close);
  CHECK(count(chunked, "Transfer-Encoding: chunked\r\n") == 1);
  CHECK(count(chunked, "Content-Length") == 0);
  CHECK(count(open, "Transfer-Encoding") == 0);
  CHECK(count(open, "Content-Length") == 0);
  CHECK(count(net::response_head({304, {}, {}}, net::after_response::keep_alive, when,
                                 net::body_framing::chunked),
              "Transfer-Encoding") == 0);
}

} // namespace troupe::test
