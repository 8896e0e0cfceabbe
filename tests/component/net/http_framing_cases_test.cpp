#include "tests/component/net/http_cases.hpp"

#include <catch2/catch.hpp>

/// Where a body ends, and what may hide behind it. A request that two readers would cut differently
/// must never be answered as if there were one reading (RFC 9112, section 11.2).
namespace troupe::test {

namespace {

using then = http_case::then;
constexpr auto goes_on = then::goes_on;
constexpr auto closes = then::closes;
constexpr auto at_once = http_case::sent::at_once;

const std::string hidden = "GET /hidden HTTP/1.1\r\nHost: test\r\n\r\n";

std::string post(std::string_view headers, std::string_view rest) {
  return request_head("POST /echo", headers) + std::string{rest};
}
/// A chunked body, and a request behind it.
std::string chunked(std::string_view body) {
  return post("Transfer-Encoding: chunked\r\n", body);
}
/// Two readings, and a second request in one of them.
http_case two_readings(std::string name, std::string_view headers, std::string answer = "400") {
  return {std::move(name), post(headers, "0\r\n\r\n" + hidden), std::move(answer)};
}

std::vector<http_case> lengths() {
  return {
      {"a length and its body", post("Content-Length: 5\r\n", "hello"), "200", goes_on,
       "POST /echo[hello]"},
      {"a length of nothing", post("Content-Length: 0\r\n", ""), "200", goes_on, "POST /echo"},
      {"a body of a GET", request_head("GET /echo", "Content-Length: 2\r\n") + "hi", "200", goes_on,
       "GET /echo[hi]"},
      {"no length means no body", post("", hidden), "200 200", goes_on, "POST /echo|GET /hidden"},
      {"zeros before a length", post("Content-Length: 0005\r\n", "hello"), "200", goes_on,
       "POST /echo[hello]"},
      {"blanks around a length", post("Content-Length: \t5 \r\n", "hello"), "200", goes_on,
       "POST /echo[hello]"},
      {"more than the length is the next request", post("Content-Length: 5\r\n", "hello" + hidden),
       "200 200", goes_on, "POST /echo[hello]|GET /hidden"},
      {"rubbish behind a body", post("Content-Length: 2\r\n", "hi\x01\x02\r\n\r\n"), "200 400",
       closes, "POST /echo[hi]"},
      two_readings("the same length twice", "Content-Length: 5\r\nContent-Length: 5\r\n"),
      two_readings("two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n"),
      two_readings("a list of lengths", "Content-Length: 5, 5\r\n"),
      two_readings("a list of two lengths", "Content-Length: 5, 6\r\n"),
      two_readings("a signed length", "Content-Length: +5\r\n"),
      two_readings("a length below zero", "Content-Length: -1\r\n"),
      two_readings("a hexadecimal length", "Content-Length: 0x5\r\n"),
      two_readings("a length with a blank", "Content-Length: 5 5\r\n"),
      two_readings("a length with a fraction", "Content-Length: 5.0\r\n"),
      two_readings("a length with an exponent", "Content-Length: 1e1\r\n"),
      two_readings("an empty length", "Content-Length:\r\n"),
      two_readings("a length in quotes", "Content-Length: \"5\"\r\n"),
      two_readings("a length in other digits", "Content-Length: \xD9\xA5\r\n"),
      two_readings("a length of 2^64", "Content-Length: 18446744073709551616\r\n"),
      two_readings("a length of twenty nines", "Content-Length: 99999999999999999999\r\n"),
      two_readings("a length of 2^63", "Content-Length: 9223372036854775808\r\n", "413"),
      two_readings("a length with a tail", "Content-Length: 5;a\r\n"),
      two_readings("a length folded", "Content-Length:\r\n 5\r\n"),
      two_readings("a length with a blank before its colon", "Content-Length : 5\r\n"),
      {"lengths that differ in case of name",
       post("Content-Length: 5\r\ncontent-length: 6\r\n", "hello" + hidden), "400"},
      {"a name that only looks like it", post("Content_Length: 5\r\n", hidden), "200 200", goes_on,
       "POST /echo|GET /hidden"},
  };
}

std::vector<http_case> codings() {
  return {
      {"chunks", chunked("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"), "200", goes_on,
       "POST /echo[hello world]"},
      {"no chunk but the last", chunked("0\r\n\r\n"), "200", goes_on, "POST /echo"},
      {"a request behind the chunks", chunked("2\r\nhi\r\n0\r\n\r\n" + hidden), "200 200", goes_on,
       "POST /echo[hi]|GET /hidden"},
      {"the coding's name in capitals",
       post("Transfer-Encoding: CHUNKED\r\n", "2\r\nhi\r\n0\r\n\r\n"), "200", goes_on,
       "POST /echo[hi]"},
      {"sizes in both cases", chunked("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"), "200",
       goes_on, "POST /echo[01234567890123456789]"},
      {"zeros before a size", chunked("0002\r\nhi\r\n000\r\n\r\n"), "200", goes_on,
       "POST /echo[hi]"},
      {"an extension", chunked("2;a=b;c\r\nhi\r\n0;d\r\n\r\n"), "200", goes_on, "POST /echo[hi]"},
      {"an extension in quotes", chunked("2;a=\"b;c\"\r\nhi\r\n0\r\n\r\n"), "200", goes_on,
       "POST /echo[hi]"},
      {"a trailer is dropped", chunked("2\r\nhi\r\n0\r\nX-A: b\r\n\r\n"), "200", goes_on,
       "POST /echo[hi]"},
      {"a trailer that would frame", chunked("2\r\nhi\r\n0\r\nContent-Length: 50\r\n\r\n" + hidden),
       "400"},
      {"a trailer that would frame by chunks",
       chunked("2\r\nhi\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n" + hidden), "400"},
      two_readings("a length and chunks", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
      two_readings("chunks and a length", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
      two_readings("chunks twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
      two_readings("chunks twice in a list", "Transfer-Encoding: chunked, chunked\r\n", "501"),
      two_readings("compressed chunks", "Transfer-Encoding: gzip, chunked\r\n", "501"),
      two_readings("chunks compressed", "Transfer-Encoding: chunked, gzip\r\n", "501"),
      two_readings("identity", "Transfer-Encoding: identity\r\n", "501"),
      two_readings("an unknown coding", "Transfer-Encoding: xchunked\r\n", "501"),
      two_readings("an empty coding", "Transfer-Encoding:\r\n", "501"),
      two_readings("a coding in quotes", "Transfer-Encoding: \"chunked\"\r\n", "501"),
      two_readings("a coding with a parameter", "Transfer-Encoding: chunked;q=1\r\n", "501"),
      two_readings("a coding behind a comma", "Transfer-Encoding: ,chunked\r\n", "501"),
      two_readings("a coding behind a vertical tab", "Transfer-Encoding: \x0b"
                                                     "chunked\r\n"),
      two_readings("a coding behind a NUL's place", "Transfer-Encoding: \x01"
                                                    "chunked\r\n"),
      two_readings("a blank before the colon", "Transfer-Encoding : chunked\r\n"),
      two_readings("a coding folded", "Transfer-Encoding:\r\n chunked\r\n"),
      two_readings("a coding behind a bare LF", "X-A: b\nTransfer-Encoding: chunked\r\n"),
      two_readings("a coding behind a bare CR", "X-A: b\rTransfer-Encoding: chunked\r\n"),
      {"chunks in HTTP/1.0",
       "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden, "400"},
  };
}

std::vector<http_case> broken_chunks() {
  const auto broken = [](std::string name, std::string_view body, std::string answer = "400") {
    return http_case{std::move(name), chunked(std::string{body} + "\r\n0\r\n\r\n" + hidden),
                     std::move(answer)};
  };
  return {
      broken("no size", "\r\nhi"),
      broken("a size that is no number", "x\r\nhi"),
      broken("a signed size", "+2\r\nhi"),
      broken("a size below zero", "-2\r\nhi"),
      broken("a size with 0x", "0x2\r\nhi"),
      broken("a blank before the size", " 2\r\nhi"),
      broken("a blank behind the size", "2 \r\nhi"),
      broken("a tab behind the size", "2\t\r\nhi"),
      broken("a size of 2^64", "10000000000000002\r\nhi"),
      broken("a size of 17 f's", "fffffffffffffffff\r\nhi"),
      broken("a size of 2^63", "8000000000000000\r\nhi", "413"),
      broken("a bare LF behind the size", "2\nhi"),
      broken("a bare CR behind the size", "2\rhi"),
      broken("data longer than its size", "2\r\nhiho"),
      broken("data ended by a bare LF", "2\r\nhi\n0\n\n"),
      broken("an extension with a control", "2;a=\x01\r\nhi"),
      broken("an extension that goes on in the next line", "2;a=\"b\r\nhi\"\r\nhi"),
      broken("an extension ended by a bare LF", "2;a\nhi"),
  };
}

} // namespace

TEST_CASE("http cases: lengths", "[http][hardening]") {
  run_http_cases(lengths(), 29);
}

TEST_CASE("http cases: transfer codings", "[http][hardening]") {
  run_http_cases(codings(), 30);
}

TEST_CASE("http cases: broken chunks", "[http][hardening]") {
  run_http_cases(broken_chunks(), 18);
}

TEST_CASE("http cases: bodies that are too long or not wanted", "[http][hardening]") {
  net::server_limits limits;
  limits.body_bytes_max = 100'000;
  const std::string ten = "0123456789";
  const auto to = [](std::string_view path, std::string_view headers, std::string_view body) {
    return request_head("POST " + std::string{path}, headers) + std::string{body};
  };
  const std::string expect = "Expect: 100-continue\r\n";
  const auto length = [](std::size_t bytes) {
    return "Content-Length: " + std::to_string(bytes) + "\r\n";
  };
  const std::string big(90'000, 'b');
  run_http_cases(
      {
          {"a body at its route's bound", to("/ten", length(10), ten), "200", goes_on,
           "POST /ten[" + ten + "]"},
          {"one byte over it", to("/ten", length(11), ten + "x"), "413"},
          {"chunks at the bound",
           to("/ten", "Transfer-Encoding: chunked\r\n", "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"),
           "200", goes_on, "POST /ten[" + ten + "]"},
          {"chunks over the bound",
           to("/ten", "Transfer-Encoding: chunked\r\n", "5\r\n01234\r\n6\r\n56789x\r\n0\r\n\r\n"),
           "413"},
          {"a promise over the bound", to("/ten", length(11) + expect, ""), "413"},
          {"a promise within it is welcome", to("/ten", length(10) + expect, ten), "200", goes_on,
           "POST /ten[" + ten + "]", false, at_once},
          {"the port's bound stands over the route's", to("/echo", length(100'001), ""), "413"},
          {"a large body", to("/echo", length(big.size()), big), "200", goes_on,
           "POST /echo[" + big + "]"},
          {"a body that nobody wants", to("/nothing", length(10), ten), "404", goes_on,
           "POST /nothing"},
          {"one that is over every bound: the path comes first",
           to("/nothing", length(1'000'000'000), ""), "404", closes, "POST /nothing"},
          {"one that is promised only", to("/nothing", length(10) + expect, ""), "404", closes,
           "POST /nothing"},
          {"one in chunks", to("/nothing", "Transfer-Encoding: chunked\r\n", "1\r\nx\r\n0\r\n\r\n"),
           "404", closes, "POST /nothing"},
          {"one with a request behind it", to("/nothing", length(10), ten + hidden), "404 200",
           goes_on, "POST /nothing|GET /hidden"},
          {"one of 90,000 bytes", to("/nothing", length(big.size()), big), "404", closes,
           "POST /nothing"},
      },
      14, limits);
}

TEST_CASE("http cases: clients that stop sending", "[http][hardening]") {
  const auto stops = [](std::string name, std::string bytes, std::string answers,
                        std::string reaches = {}) {
    return http_case{std::move(name), std::move(bytes),   std::move(answers),
                     closes,          std::move(reaches), true};
  };
  run_http_cases(
      {
          stops("before anything", "", ""),
          stops("in the request line", "GET /a HT", ""),
          stops("behind the request line", "GET /a HTTP/1.1\r\n", ""),
          stops("in a header", "GET /a HTTP/1.1\r\nHost: te", ""),
          stops("before the empty line", "GET /a HTTP/1.1\r\nHost: test\r\n", ""),
          stops("in the empty line", "GET /a HTTP/1.1\r\nHost: test\r\n\r", ""),
          stops("behind a request", request_head("GET /a"), "200", "GET /a"),
          stops("behind two requests", request_head("GET /a") + request_head("GET /b"), "200 200",
                "GET /a|GET /b"),
          stops("behind one and a half", request_head("GET /a") + "GET /b HTTP", "200", "GET /a"),
          stops("before a body", post("Content-Length: 5\r\n", ""), ""),
          stops("in a body", post("Content-Length: 5\r\n", "hel"), ""),
          stops("in a chunk's size", chunked("5"), ""),
          stops("in a chunk", chunked("5\r\nhel"), ""),
          stops("between chunks", chunked("5\r\nhello\r\n"), ""),
          stops("in the trailer", chunked("5\r\nhello\r\n0\r\nX-A: b\r\n"), ""),
          stops("behind a body", post("Content-Length: 2\r\n", "hi"), "200", "POST /echo[hi]"),
      },
      16);
}

} // namespace troupe::test
