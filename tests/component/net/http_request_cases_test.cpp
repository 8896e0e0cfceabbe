#include "tests/component/net/http_cases.hpp"

#include <catch2/catch.hpp>

/// Request lines and header fields: RFC 9110, 9112 and what servers of this kind were attacked
/// with.
namespace troupe::test {

namespace {

using then = http_case::then;
constexpr auto goes_on = then::goes_on;
constexpr auto closes = then::closes;

std::string line(std::string_view text) {
  return std::string{text} + "\r\nHost: test\r\n\r\n";
}
std::string with(std::string_view headers) {
  return request_head("GET /a", headers);
}
std::string host(std::string_view header) {
  return "GET /a HTTP/1.1\r\n" + std::string{header} + "\r\n";
}
std::string bytes_of(std::string_view text, std::size_t count) {
  return {text.data(), count};
}

std::vector<http_case> request_lines() {
  return {
      {"the plainest request", line("GET /a HTTP/1.1"), "200", goes_on, "GET /a"},
      {"an unknown method is the sink's to refuse", line("BREW /a HTTP/1.1"), "200", goes_on,
       "BREW /a"},
      {"methods are case-sensitive", line("get /a HTTP/1.1"), "200", goes_on, "get /a"},
      {"a method of 1,000 letters", line(std::string(1000, 'M') + " /a HTTP/1.1"), "200", goes_on,
       std::string(1000, 'M') + " /a"},
      {"a method with a separator", line("GE(T /a HTTP/1.1"), "400"},
      {"a method with a control", line("GE\x01T /a HTTP/1.1"), "400"},
      {"no method", line(" /a HTTP/1.1"), "400"},
      {"an empty line first is skipped", "\r\n" + line("GET /a HTTP/1.1"), "200", goes_on,
       "GET /a"},
      {"many empty lines are no request", "\r\n\r\n\r\n\r\n\r\n" + line("GET /a HTTP/1.1"), "400"},
      {"two spaces before the target", line("GET  /a HTTP/1.1"), "400"},
      {"two spaces before the version", line("GET /a  HTTP/1.1"), "400"},
      {"a tab for a space", line("GET\t/a HTTP/1.1"), "400"},
      {"a space in the target", line("GET /a b HTTP/1.1"), "400"},
      {"a space behind the version", line("GET /a HTTP/1.1 "), "400"},
      {"no target", line("GET HTTP/1.1"), "400"},
      {"no version", line("GET /a"), "400"},
      {"HTTP/0.9", "GET /a\r\n", "400"},
      {"HTTP/1.2", line("GET /a HTTP/1.2"), "505"},
      {"HTTP/0.1", line("GET /a HTTP/0.1"), "505"},
      {"HTTP/2.0", line("GET /a HTTP/2.0"), "505"},
      {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
      {"a version with two digits", line("GET /a HTTP/1.11"), "400"},
      {"a version without its dot", line("GET /a HTTP/11"), "400"},
      {"a version in small letters", line("GET /a http/1.1"), "400"},
      {"another protocol", line("GET /a RTSP/1.1"), "400"},
      {"a bare LF ends the line", "GET /a HTTP/1.1\nHost: test\r\n\r\n", "400"},
      {"a bare CR in the line", "GET /a\rb HTTP/1.1\r\nHost: test\r\n\r\n", "400"},
      {"a NUL in the target", bytes_of("GET /a\0b HTTP/1.1\r\nHost: test\r\n\r\n", 33), "400"},
      {"a control in the target", line("GET /a\x01 HTTP/1.1"), "400"},
      {"DEL in the target", line("GET /a\x7f HTTP/1.1"), "400"},
      {"a raw byte beyond ASCII in the target", line("GET /\xC3\xA9 HTTP/1.1"), "400"},
      {"an escaped one passes as it is", line("GET /%C3%A9%00%2e%2E HTTP/1.1"), "200", goes_on,
       "GET /%C3%A9%00%2e%2E"},
      {"a fragment in the target", line("GET /a#b HTTP/1.1"), "400"},
      {"a target without a slash", line("GET a HTTP/1.1"), "400"},
      {"dots are not resolved here", line("GET /../../a HTTP/1.1"), "200", goes_on, "GET /../../a"},
      {"absolute form of our own host", line("GET http://test/a?b HTTP/1.1"), "200", goes_on,
       "GET /a?b"},
      {"absolute form without a path", line("GET http://TEST HTTP/1.1"), "200", goes_on, "GET /"},
      {"absolute form with a query only", line("GET http://test?b HTTP/1.1"), "200", goes_on,
       "GET /?b"},
      {"absolute form of another host", line("GET http://other/a HTTP/1.1"), "400"},
      {"absolute form with user information", line("GET http://test@other/ HTTP/1.1"), "400"},
      {"absolute form of another scheme", line("GET file:///etc/passwd HTTP/1.1"), "400"},
      {"asterisk form for OPTIONS", line("OPTIONS * HTTP/1.1"), "200", goes_on, "OPTIONS *"},
      {"asterisk form for another method", line("GET * HTTP/1.1"), "400"},
      {"a tunnel", line("CONNECT test:443 HTTP/1.1"), "405"},
      {"a tunnel to a path", line("CONNECT /a HTTP/1.1"), "405"},
      {"a TLS hello", bytes_of("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), "400"},
      {"an SSH client", "SSH-2.0-OpenSSH_9.2\r\n", "400"},
      {"binary rubbish", bytes_of("\x00\xff\x00\xff\r\n\r\n", 8), "400"},
      {"a target of 30,000 bytes", line("GET /" + std::string(30'000, 'a') + " HTTP/1.1"), "200",
       goes_on, "GET /" + std::string(30'000, 'a')},
      {"a target over the bound", line("GET /" + std::string(33'000, 'a') + " HTTP/1.1"), "431"},
  };
}

std::vector<http_case> header_fields() {
  std::string many;
  for (int i = 0; i < 900; ++i)
    many += "X-" + std::to_string(i) + ": v\r\n";
  return {
      {"an empty value", with("X-A:\r\n"), "200", goes_on, "GET /a"},
      {"blanks and tabs around a value", with("X-A: \t v \t \r\n"), "200", goes_on, "GET /a"},
      {"bytes beyond ASCII in a value", with("X-A: \xC3\xA9\xFF\r\n"), "200", goes_on, "GET /a"},
      {"a tab in a value", with("X-A: a\tb\r\n"), "200", goes_on, "GET /a"},
      {"900 fields", with(many), "200", goes_on, "GET /a"},
      {"fields over the bound", with(many + many + many + many), "431"},
      {"one field over the bound", with("X-A: " + std::string(33'000, 'v') + "\r\n"), "431"},
      {"a name over the bound", with(std::string(33'000, 'n') + ": v\r\n"), "431"},
      {"no colon", with("X-A\r\n"), "400"},
      {"no name", with(": v\r\n"), "400"},
      {"a blank before the colon", with("X-A : v\r\n"), "400"},
      {"a tab before the colon", with("X-A\t: v\r\n"), "400"},
      {"a blank before the name", with(" X-A: v\r\n"), "400"},
      {"a blank in the name", with("X A: v\r\n"), "400"},
      {"a separator in the name", with("X(A: v\r\n"), "400"},
      {"a control in the name", with("X\x01: v\r\n"), "400"},
      {"a byte beyond ASCII in the name", with("X\xE9: v\r\n"), "400"},
      {"a folded value", with("X-A: v\r\n more\r\n"), "400"},
      {"a value folded by a tab", with("X-A: v\r\n\tmore\r\n"), "400"},
      {"a bare LF after a value", with("X-A: v\nX-B: v\r\n"), "400"},
      {"a bare CR in a value", with("X-A: v\rX-B: v\r\n"), "400"},
      {"a NUL in a value", with(bytes_of("X-A: a\0b\r\n", 10)), "400"},
      {"a control in a value",
       with("X-A: a\x02"
            "b\r\n"),
       "400"},
      {"DEL in a value", with("X-A: a\x7f\r\n"), "400"},
      {"an escape sequence in a value", with("X-A: \x1b[31m\r\n"), "400"},
      {"no Host", host(""), "400"},
      {"two Hosts", host("Host: test\r\nHost: test\r\n"), "400"},
      {"two Hosts of different case", host("Host: test\r\nHOST: other\r\n"), "400"},
      {"an empty Host", host("Host:\r\n"), "400"},
      {"a Host with a port", host("Host: test:18789\r\n"), "200", goes_on, "GET /a"},
      {"a Host of IPv6", host("Host: [::1]:18789\r\n"), "200", goes_on, "GET /a"},
      {"a Host with a blank", host("Host: test other\r\n"), "400"},
      {"a list of Hosts", host("Host: test, other\r\n"), "400"},
      {"a Host with a path", host("Host: test/a\r\n"), "400"},
      {"a Host with user information", host("Host: test@other\r\n"), "400"},
      {"a Host with a byte beyond ASCII", host("Host: t\xC3\xA9st\r\n"), "400"},
      {"HTTP/1.0 needs no Host", "GET /a HTTP/1.0\r\n\r\n", "200", closes, "GET /a"},
      {"HTTP/1.0 may stay", "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "200", goes_on,
       "GET /a"},
      {"HTTP/1.0 with two Hosts", "GET /a HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
      {"Connection: close", with("Connection: close\r\n"), "200", closes, "GET /a"},
      {"Connection: CLOSE among others", with("Connection: x, CLOSE\r\n"), "200", closes, "GET /a"},
      {"an upgrade to something else", with("Connection: Upgrade\r\nUpgrade: h2c\r\n"), "200",
       goes_on, "GET /a"},
      {"an unknown expectation", with("Expect: 200-ok\r\n"), "417"},
      {"an expectation without a body", with("Expect: 100-continue\r\n"), "200", goes_on, "GET /a"},
  };
}

} // namespace

TEST_CASE("http cases: request lines", "[http][hardening]") {
  run_http_cases(request_lines(), 50);
}

TEST_CASE("http cases: header fields", "[http][hardening]") {
  run_http_cases(header_fields(), 44);
}

} // namespace troupe::test
