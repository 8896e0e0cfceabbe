#include "net/client/sse.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <optional>
#include <vector>

namespace troupe::test {
namespace {

struct kept_event {
  std::string type;
  std::string data;
  std::string id;
  friend bool operator==(const kept_event&, const kept_event&) = default;
};

/// Events of `stream`, fed in pieces of `piece_bytes`. Fails the test on an error.
std::vector<kept_event> events_of(std::string_view stream, std::size_t piece_bytes) {
  net::sse_parser parser;
  std::vector<kept_event> out;
  while (!stream.empty()) {
    const std::string piece{stream.substr(0, piece_bytes)}; // A buffer of its own, for ASan.
    stream.remove_prefix(piece.size());
    parser.feed(piece);
    net::sse_event event;
    for (;;) {
      const auto more = parser.next(event);
      REQUIRE(more);
      if (!more.value())
        break;
      out.push_back({std::string{event.type}, std::string{event.data}, std::string{event.id}});
    }
  }
  return out;
}

std::vector<std::string> data_of(std::string_view stream) {
  std::vector<std::string> out;
  for (auto& each : events_of(stream, stream.size()))
    out.push_back(std::move(each.data));
  return out;
}

/// The first error that `stream` meets, if any.
std::optional<errc> failure_of(std::string_view stream, std::size_t piece_bytes) {
  net::sse_parser parser;
  while (!stream.empty()) {
    const auto piece = stream.substr(0, piece_bytes);
    stream.remove_prefix(piece.size());
    parser.feed(piece);
    net::sse_event event;
    for (;;) {
      const auto more = parser.next(event);
      if (!more)
        return more.error().code;
      if (!more.value())
        break;
    }
  }
  return {};
}

using texts = std::vector<std::string>;

} // namespace

TEST_CASE("sse: an event ends at a blank line", "[sse]") {
  CHECK(data_of("data: one\n\ndata: two\n\ndata: unfinished\n") == texts{"one", "two"});
}

TEST_CASE("sse: data lines are joined, and one blank behind the colon is dropped", "[sse]") {
  CHECK(data_of("data: a\ndata:b\ndata:  c\n\n") == texts{"a\nb\n c"});
  CHECK(data_of("data\ndata\n\n") == texts{"\n"});
  CHECK(data_of("data\n\n") == texts{""});
}

TEST_CASE("sse: comments, unknown fields and events without data are skipped", "[sse]") {
  CHECK(data_of(": ping\n\nevent: x\n\nfoo: bar\nretry: 10\ndata: y\n\n") == texts{"y"});
}

TEST_CASE("sse: every kind of line end is one", "[sse]") {
  CHECK(data_of("data: a\r\ndata: b\r\n\r\ndata: c\r\rdata: d\n\n") == texts{"a\nb", "c", "d"});
}

TEST_CASE("sse: a byte order mark counts only at the start", "[sse]") {
  CHECK(data_of("\xef\xbb\xbf"
                "data: a\n\n\xef\xbb\xbf"
                "data: b\n\n") == texts{"a"});
}

TEST_CASE("sse: type belongs to its event, the id stays", "[sse]") {
  const auto events = events_of("event: add\nid: 7\ndata: a\n\ndata: b\n\nid: \ndata: c\n\n", 64);

  CHECK(events ==
        std::vector<kept_event>{{"add", "a", "7"}, {"message", "b", "7"}, {"message", "c", ""}});
}

TEST_CASE("sse: an id with a zero byte is ignored", "[sse]") {
  const std::string stream{"id: 1\nid: 2\0x\ndata: a\n\n", 23};
  CHECK(events_of(stream, 64).at(0).id == "1");
}

TEST_CASE("sse: cutting the stream anywhere changes nothing", "[sse]") {
  const std::string stream = "\xef\xbb\xbf"
                             ": hi\r\nevent: add\r\nid: 1\r\ndata: \xc3\xa4\r\n"
                             "data: b\r\n\r\n\r\ndata: c\r\rdata:\n\n:\ndata: d\n\n";
  const auto whole = events_of(stream, stream.size());
  REQUIRE(whole.size() == 4);

  for (std::size_t bytes = 1; bytes < stream.size(); ++bytes)
    CHECK(events_of(stream, bytes) == whole);
}

TEST_CASE("sse: any bytes give the same events however they are cut", "[sse]") {
  CHECK(rc::check("same events", [] {
    const auto stream = *rc::gen::container<std::string>(
        rc::gen::element('d', 'a', 't', ':', ' ', '\n', '\n', '\r', 'i', '\0', '\xef'));
    const auto with_data = "data: x\n" + stream + "\n\ndata" + stream + "\n\n";
    const auto bytes = *rc::gen::inRange<std::size_t>(1, 8);
    RC_ASSERT(events_of(with_data, bytes) == events_of(with_data, with_data.size()));
  }));
}

TEST_CASE("sse: a line of the bound passes, one byte more does not", "[sse]") {
  const auto line = "data:" + std::string(net::sse_line_bytes_max - 5, 'x');
  for (const std::size_t bytes : {std::size_t{1'000}, line.size() + 10}) {
    CHECK_FALSE(failure_of(line + "\n\n", bytes));
    CHECK(failure_of(line + "x\n\n", bytes) == errc::overloaded);
  }
  CHECK(failure_of(line + "x", 1'000) == errc::overloaded);
}

TEST_CASE("sse: an event of the bound passes, one byte more does not", "[sse]") {
  const auto line = "data:" + std::string(net::sse_line_bytes_max - 6, 'x') + "\n";
  std::string stream = line + line + line + line; // Four lines joined by three line feeds.
  const auto joined = 4 * (net::sse_line_bytes_max - 6) + 3;
  const auto room = net::sse_event_bytes_max - joined - 1;

  CHECK_FALSE(failure_of(stream + "data:" + std::string(room, 'y') + "\n\n", 1u << 16));
  CHECK(failure_of(stream + "data:" + std::string(room + 1, 'y') + "\n\n", 1u << 16) ==
        errc::overloaded);
}

} // namespace troupe::test
