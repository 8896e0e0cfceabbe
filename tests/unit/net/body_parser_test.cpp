#include "net/asio.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <catch2/catch.hpp>

#include <string_view>

namespace troupe::test {

TEST_CASE("body parser: chunks may come byte by byte, also when the last is the only one") {
  namespace http = boost::beast::http;
  constexpr std::string_view head =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string_view body : {"0\r\n\r\n", "000\r\n\r\n", "2\r\nhi\r\n0\r\n\r\n"}) {
    http::request_parser<http::string_body> parser;
    net::error_code failed;
    parser.put(boost::asio::buffer(head), failed);
    REQUIRE_FALSE(failed);
    parser.eager(true);
    std::size_t taken = 0;
    for (std::size_t there = 1; there <= body.size(); ++there) {
      taken += parser.put(boost::asio::buffer(body.substr(taken, there - taken)), failed);
      const bool waits = failed == http::error::need_more;
      REQUIRE((!failed || waits));
    }
    CHECK(parser.is_done());
    CHECK(taken == body.size());
  }
}

} // namespace troupe::test
