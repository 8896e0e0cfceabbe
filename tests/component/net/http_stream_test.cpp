#include "tests/component/net/server_world.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace troupe::test {

namespace {

using net::answer_lost;

constexpr std::string_view held = "GET /hold HTTP/1.1\r\nHost: test\r\n\r\n";
constexpr std::string_view next = "GET /next HTTP/1.1\r\nHost: test\r\n\r\n";

/// A server whose first request is held and answered by the test.
struct stream_world : server_world {
  using server_world::server_world;

  raw_socket ask(std::string_view request = held) {
    auto client = connect();
    client.send(request);
    ++asked_;
    REQUIRE(book().wait([&] { return book().held.size() == asked_; }));
    return client;
  }
  net::http_responder responder() {
    const std::lock_guard lock{book().mutex};
    return book().held.back();
  }
  net::http_stream begin(std::string idle_piece = {}) {
    return responder().begin(
        {200, {{"Content-Type", "text/event-stream; charset=utf-8"}}, std::move(idle_piece)});
  }
  /// True when the answer in hand was lost for `why`.
  bool loses(answer_lost why) {
    return book().wait([&] { return !book().lost.empty(); }) && book().lost.back() == why;
  }
  bool has_lost() {
    const std::lock_guard lock{book().mutex};
    return !book().lost.empty();
  }

private:
  std::size_t asked_ = 0;
};

} // namespace

TEST_CASE("http stream: pieces leave as chunks when they come, then the connection goes on",
          "[http]") {
  stream_world world;
  auto client = world.ask();

  const auto stream = world.begin();
  const auto head = client.read_response(true);
  REQUIRE(head);
  CHECK(head->status == 200);
  CHECK(head->header("Transfer-Encoding") == "chunked");
  CHECK(head->header("Content-Type") == "text/event-stream; charset=utf-8");
  CHECK(head->header("Connection") == "keep-alive");
  CHECK(head->header("Content-Length").empty());
  CHECK(head->header("X-Content-Type-Options") == "nosniff");
  for (const auto* piece : {"data: one\n\n", "data: two\n\n"}) {
    CHECK(stream.write(piece));
    CHECK(client.read_chunk() == piece);
  }
  stream.end();
  CHECK(client.read_chunk() == "");
  client.send(next);
  CHECK(client.read_response().value_or(raw_response{}).body == "GET /next");
  CHECK_FALSE(world.has_lost());
  CHECK(world.server().counters().answers_lost == 0);
}

TEST_CASE("http stream: pieces that wait together leave as one chunk", "[http]") {
  stream_world world;
  auto client = world.ask();
  std::string all;
  {
    const auto stream = world.begin();
    for (int i = 0; i < 1000; ++i) {
      all += std::to_string(i);
      REQUIRE(stream.write(std::to_string(i)));
    }
    CHECK(stream.write(""));
    stream.end();
  }
  REQUIRE(client.read_response(true));
  std::string got;
  for (auto chunk = client.read_chunk(); chunk && !chunk->empty(); chunk = client.read_chunk())
    got += *chunk;
  CHECK(got == all);
  client.send(next);
  CHECK(client.read_response().value_or(raw_response{}).body == "GET /next");
}

TEST_CASE("http stream: for HTTP/1.0 the end of the connection is the end", "[http]") {
  stream_world world;
  auto client = world.ask("GET /hold HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const auto stream = world.begin();
  const auto head = client.read_response(true);
  REQUIRE(head);
  CHECK(head->header("Transfer-Encoding").empty());
  CHECK(head->header("Connection") == "close");
  stream.write("one ");
  stream.write("two");
  stream.end();
  const auto ended = client.read_to_end();
  CHECK(ended.rest == "one two");
  CHECK(ended.clean);
}

TEST_CASE("http stream: HEAD gets the head and nothing of the pieces", "[http]") {
  stream_world world;
  auto client = world.ask("HEAD /hold HTTP/1.1\r\nHost: test\r\n\r\n");
  const auto stream = world.begin();
  CHECK(client.read_response(true).value_or(raw_response{}).status == 200);
  CHECK(stream.write("unseen"));
  stream.end();
  client.send(next);
  CHECK(client.read_response().value_or(raw_response{}).body == "GET /next");
}

TEST_CASE("http stream: one that is let go is seen to be cut", "[http]") {
  stream_world world;
  auto client = world.ask();
  world.begin().write("half");
  REQUIRE(client.read_response(true));
  CHECK(client.read_to_end().rest == "4\r\nhalf\r\n");
  CHECK(world.loses(answer_lost::server_stopped));

  auto old = world.ask("GET /hold HTTP/1.0\r\n\r\n");
  {
    const auto stream = world.begin();
    stream.write("half");
    REQUIRE(old.read_response(true));
  }
  CHECK_FALSE(old.read_to_end().clean);
  CHECK(eventually([&] { return world.server().counters().answers_lost == 2; }));
}

TEST_CASE("http stream: only the first answer counts, whole or as a stream", "[http]") {
  stream_world world;
  auto client = world.ask();
  const auto first = world.begin();
  const auto second = world.begin();
  world.responder().send({500, {}, "no"});
  CHECK_FALSE(second.write("no"));
  CHECK(second.room() == 0);
  CHECK(first.write("yes"));
  first.end();
  first.end();
  CHECK_FALSE(first.write("late"));
  CHECK(client.read_response(true).value_or(raw_response{}).status == 200);
  CHECK(client.read_chunk() == "yes");
  CHECK(client.read_chunk() == "");
}

TEST_CASE("http stream: a piece over the bound cuts the stream and is counted", "[http]") {
  net::server_limits limits;
  limits.stream_backlog_bytes_max = 1000;
  stream_world world{limits};
  auto client = world.ask();
  const auto stream = world.begin();
  CHECK(stream.room() == 1000);
  CHECK(stream.write(std::string(1000, 'f')));
  REQUIRE(client.read_response(true));
  CHECK(client.read_chunk().value_or("").size() == 1000);
  CHECK(eventually([&] { return stream.room() == 1000; }));

  CHECK_FALSE(stream.write(std::string(1001, 'o')));
  CHECK(stream.room() == 0);
  CHECK_FALSE(stream.write("x"));
  CHECK(client.closes());
  CHECK(world.loses(answer_lost::too_slow));
  CHECK(eventually([&] { return world.server().counters().answers_too_slow == 1; }));
}

TEST_CASE("http stream: a reader that falls behind makes room shrink, and tells when it is back",
          "[http]") {
  net::server_limits limits;
  limits.stream_backlog_bytes_max = 1u << 20;
  stream_world world{limits};
  auto client = world.ask();
  const auto rooms = std::make_shared<std::atomic<unsigned>>(0);
  world.responder().watch({{}, [rooms] { ++*rooms; }});
  const auto stream = world.begin();
  std::size_t sent = 0;
  constexpr std::size_t piece_bytes = 64u << 10;
  // Until the kernel takes no more and less than a piece fits.
  while (sent < (64u << 20) && eventually([&] { return stream.room() >= piece_bytes; }, 200)) {
    REQUIRE(stream.write(std::string(piece_bytes, 'x')));
    sent += piece_bytes;
  }
  CHECK(stream.room() < piece_bytes);
  const auto before = rooms->load();

  REQUIRE(client.read_response(true));
  std::size_t got = 0;
  while (got < sent)
    got += client.read_chunk().value_or("").size();
  CHECK(got == sent);
  CHECK(eventually([&] { return stream.room() == limits.stream_backlog_bytes_max; }));
  CHECK(rooms->load() > before);
  stream.end();
  CHECK(client.read_chunk() == "");
}

TEST_CASE("http stream: a reader that stands still is given up at a write's deadline", "[http]") {
  net::server_limits limits;
  limits.request_ms_max = 100;
  limits.stream_backlog_bytes_max = 64u << 20;
  stream_world world{limits};
  auto client = world.ask();
  const auto stream = world.begin();
  CHECK(stream.write(std::string(32u << 20, 'x')));
  CHECK(world.loses(answer_lost::too_slow));
  CHECK(world.reaches_connections(0));
  CHECK_FALSE(stream.write("x"));
}

TEST_CASE("http stream: a long silence is filled with idle pieces and ends at its deadline",
          "[http]") {
  net::server_limits limits;
  limits.stream_idle_ms = 20;
  limits.answer_ms_max = 400;
  stream_world world{limits};
  auto client = world.ask();
  const auto stream = world.begin(std::string{net::sse_idle_piece});
  REQUIRE(client.read_response(true));
  CHECK(client.read_chunk() == net::sse_idle_piece);
  CHECK(client.read_chunk() == net::sse_idle_piece);
  CHECK(world.loses(answer_lost::timed_out));
  CHECK(client.closes());
  CHECK_FALSE(stream.write("late"));
}

TEST_CASE("http stream: many threads may write while the client reads", "[http]") {
  stream_world world;
  auto client = world.ask();
  const auto stream = world.begin();
  std::vector<std::thread> writers;
  for (int t = 0; t < 4; ++t)
    writers.emplace_back([&stream] {
      for (int i = 0; i < 500; ++i)
        stream.write("0123456789");
    });
  for (auto& writer : writers)
    writer.join();
  stream.end();
  REQUIRE(client.read_response(true));
  std::size_t got = 0;
  for (auto chunk = client.read_chunk(); chunk && !chunk->empty(); chunk = client.read_chunk())
    got += chunk->size();
  CHECK(got == 20'000);
}

TEST_CASE("http stream: the server may go while one is under way", "[http]") {
  stream_world world;
  auto client = world.ask();
  const auto stream = world.begin();
  REQUIRE(stream.write("one"));
  REQUIRE(client.read_response(true));
  world.stop();
  CHECK(world.loses(answer_lost::server_stopped));
  CHECK_FALSE(stream.write("two"));
  stream.end();
  CHECK(client.closes());
}

} // namespace troupe::test
