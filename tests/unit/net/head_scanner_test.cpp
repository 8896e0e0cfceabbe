#include "net/http/head_scanner.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <string>
#include <string_view>
#include <vector>

namespace troupe::test {

namespace {

using net::head_scanner;
using verdict = head_scanner::verdict;

constexpr std::size_t bytes_max = 200;

struct outcome {
  verdict what = verdict::more;
  std::size_t bytes = 0;
  std::size_t skipped = 0;
  bool operator==(const outcome&) const = default;
};

outcome at_once(std::string_view text) {
  head_scanner scanner{bytes_max};
  const auto what = scanner.look(text);
  return {what, scanner.bytes(), scanner.skipped()};
}

outcome byte_by_byte(std::string_view text) {
  head_scanner scanner{bytes_max};
  auto what = verdict::more;
  for (std::size_t i = 0; i <= text.size() && what == verdict::more; ++i)
    what = scanner.look(text.substr(0, i));
  return {what, scanner.bytes(), scanner.skipped()};
}

} // namespace

TEST_CASE("head scanner: finds the empty line and nothing behind it", "[http]") {
  const std::string head = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
  CHECK(at_once(head) == outcome{verdict::whole, head.size(), 0});
  CHECK(at_once(head + "body\n\n") == outcome{verdict::whole, head.size(), 0});
  CHECK(at_once("\r\n" + head) == outcome{verdict::whole, head.size() + 2, 2});
  for (std::size_t cut = 0; cut < head.size(); ++cut)
    CHECK(at_once(head.substr(0, cut)).what == verdict::more);
}

TEST_CASE("head scanner: refuses as soon as a byte is wrong", "[http]") {
  for (const std::string_view start :
       {"\x16", "GET / HTTP/1.1\n", "GET /\r\n", "GET / HTTP/1.1\rX", "GET / HTTP/1.1\r\r",
        "\r\n\r\n", "GET / HTTP/1.1\r\n ", "GET / HTTP/1.1\r\nA: b\r\n\t",
        "GET / HTTP/1.1\r\nA: \x01", "GET / HTTP/1.1\r\nA: \x7f", "GET / HTTP/1.1\r\nA: b\n",
        "GET / http/1.1\r\n", "GET / HTTP/1.1 \r\n", "GET / HTTP/11\r\n", "HTTP/1.1\r\n"}) {
    INFO(start);
    CHECK(at_once(start).what == verdict::malformed);
    CHECK(at_once(start.substr(0, start.size() - 1)).what == verdict::more);
  }
}

TEST_CASE("head scanner: another version is known by the first line", "[http]") {
  for (const std::string_view line :
       {"GET / HTTP/1.2\r\n", "GET / HTTP/2.0\r\n", "PRI * HTTP/2.0\r\n", "GET / HTTP/0.9\r\n"})
    CHECK(at_once(line).what == verdict::other_version);
  CHECK(at_once("GET / HTTP/1.0\r\n").what == verdict::more);
}

TEST_CASE("head scanner: a head at the bound passes, a longer one is known at once", "[http]") {
  const std::string start = "GET / HTTP/1.1\r\nA: ";
  const auto head_of = [&](std::size_t bytes) {
    return start + std::string(bytes - start.size() - 4, 'b') + "\r\n\r\n";
  };
  CHECK(at_once(head_of(bytes_max)).what == verdict::whole);
  CHECK(at_once("\r\n" + head_of(bytes_max)).what == verdict::whole);
  CHECK(at_once(head_of(bytes_max + 1)).what == verdict::too_large);
  CHECK(at_once(start + std::string(bytes_max - start.size(), 'b')).what == verdict::too_large);
  CHECK(at_once(start + std::string(bytes_max - start.size() - 1, 'b')).what == verdict::more);
}

TEST_CASE("head scanner: where the bytes are cut changes nothing", "[http]") {
  CHECK(rc::check("the same verdict", [] {
    const auto pieces = *rc::gen::container<std::vector<std::string>>(
        rc::gen::element<std::string>("GET / HTTP/1.1", "\r\n", "\r", "\n", "A: b", " ", "\t",
                                      std::string(60, 'x'), "\x01", "\r\n\r\n"));
    std::string text;
    for (const auto& piece : pieces)
      text += piece;
    RC_ASSERT(at_once(text) == byte_by_byte(text));
  }));
}

} // namespace troupe::test
