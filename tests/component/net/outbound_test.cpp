#include "tests/component/net/outbound_world.hpp"

#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>

namespace troupe::test {
namespace {

using std::chrono::milliseconds;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

errc code_of(const recording_observer& call) {
  REQUIRE(call.failure());
  return call.failure()->code;
}

/// A listener whose queue is full: the kernel leaves further connections unanswered.
class deaf_listener {
public:
  deaf_listener() {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    socklen_t size = sizeof address_;
    REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&address_), size) == 0);
    REQUIRE(getsockname(listener_, reinterpret_cast<sockaddr*>(&address_), &size) == 0);
    REQUIRE(listen(listener_, 0) == 0);
    for (int& client : clients_) {
      client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      connect(client, reinterpret_cast<sockaddr*>(&address_), size);
    }
  }
  ~deaf_listener() {
    for (const int client : clients_)
      close(client);
    close(listener_);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(ntohs(address_.sin_port)); }

private:
  sockaddr_in address_{};
  int listener_ = -1;
  std::array<int, 4> clients_{};
};

} // namespace

TEST_CASE("outbound: streams an answer and keeps the connection", "[outbound]") {
  outbound_world world;

  for (int i = 0; i < 3; ++i) {
    const auto call = world.start(world.chat("#echo hello over there"));
    REQUIRE(call->wait_done());
    CHECK_FALSE(call->failure());
    CHECK(call->heads() == 1);
    CHECK(call->dones() == 1);
    CHECK(call->status() == 200);
    CHECK(call->header("content-type") == "text/event-stream");
    CHECK(contains(call->body(), "\"hello \""));
    CHECK(contains(call->body(), "[DONE]"));
  }

  CHECK(contains(world.fetch("/stats"), "\"connections\":1"));
}

TEST_CASE("outbound: delivers pieces as they come, not at the end", "[outbound]") {
  outbound_world world;

  const auto call = world.start(world.chat("#stall 60000 #echo one two"));

  REQUIRE(call->wait_data());
  CHECK(call->dones() == 0);
}

TEST_CASE("outbound: a refusal is an answer like any other", "[outbound]") {
  outbound_world world;

  const auto call = world.start(world.chat("#429 1 7"));

  REQUIRE(call->wait_done());
  CHECK_FALSE(call->failure());
  CHECK(call->status() == 429);
  CHECK(call->header("retry-after") == "7");
  CHECK(contains(call->body(), "scripted failure"));
}

TEST_CASE("outbound: the first-byte deadline ends a silent call", "[outbound]") {
  outbound_world world;
  auto request = world.chat("#hold 60000");
  request.deadlines.first_byte = milliseconds{50};

  const auto call = world.start(std::move(request));

  REQUIRE(call->wait_done());
  CHECK(code_of(*call) == errc::timeout);
  CHECK(contains(call->failure()->detail, "first-byte"));
  CHECK(call->heads() == 0);
  CHECK(world.stats_show("\"closed_by_client\":1"));
}

TEST_CASE("outbound: the idle deadline ends a stream that stalls", "[outbound]") {
  outbound_world world;
  auto request = world.chat("#stall 60000 #echo one two");
  request.deadlines.idle = milliseconds{50};

  const auto call = world.start(std::move(request));

  REQUIRE(call->wait_done());
  CHECK(code_of(*call) == errc::timeout);
  CHECK(contains(call->failure()->detail, "idle"));
  CHECK(contains(call->body(), "one "));
}

TEST_CASE("outbound: the total deadline ends a stream that never stops", "[outbound]") {
  outbound_world world;
  auto request = world.chat("#slow 600000 #long 60000");
  request.deadlines.total = milliseconds{100};

  const auto call = world.start(std::move(request));

  REQUIRE(call->wait_done());
  CHECK(code_of(*call) == errc::timeout);
  CHECK(contains(call->failure()->detail, "total"));
}

TEST_CASE("outbound: the connect deadline ends an attempt nobody answers", "[outbound]") {
  outbound_world world;
  const deaf_listener deaf;
  auto request = world.chat("hi");
  request.url = deaf.url();
  request.deadlines.connect = milliseconds{100};

  const auto call = world.start(std::move(request));

  REQUIRE(call->wait_done());
  CHECK(code_of(*call) == errc::timeout);
  CHECK(contains(call->failure()->detail, "connect"));
}

TEST_CASE("outbound: progress keeps the idle deadline away", "[outbound]") {
  outbound_world world;
  auto request = world.chat("#slow 1000 #long 1000");
  request.deadlines.idle = milliseconds{600};
  request.deadlines.first_byte = milliseconds{600};

  const auto call = world.start(std::move(request));

  REQUIRE(call->wait_done());
  CHECK_FALSE(call->failure());
  CHECK(contains(call->body(), "[DONE]"));
}

TEST_CASE("outbound: cancelling closes the connection and says so once", "[outbound]") {
  outbound_world world;
  const auto call = world.start(world.chat("#stall 60000 #echo one two"));
  REQUIRE(call->wait_data());
  const auto handle = world.last_call;

  handle->cancel();
  handle->cancel();

  REQUIRE(call->wait_done());
  CHECK(code_of(*call) == errc::cancelled);
  CHECK(world.stats_show("\"closed_by_client\":1"));
  handle->cancel();
  CHECK(call->dones() == 1);
}

TEST_CASE("outbound: a call may be cancelled from inside its own callback", "[outbound]") {
  outbound_world world;
  auto observer = std::make_shared<recording_observer>();
  std::shared_ptr<net::outbound_call> call;
  std::atomic<bool> known = false;
  observer->during_data = [&] {
    while (!known)
      std::this_thread::yield();
    call->cancel();
  };

  call = world.client->start(world.chat("#slow 60000 #long 1000"), observer);
  known = true;

  REQUIRE(observer->wait_done());
  CHECK(code_of(*observer) == errc::cancelled);
}

TEST_CASE("outbound: a call cancelled at once never reaches the server", "[outbound]") {
  outbound_world world;
  const auto call = world.start(world.chat("#hold 60000"));

  world.last_call->cancel();

  REQUIRE(call->wait_done());
  CHECK(code_of(*call) == errc::cancelled);
}

TEST_CASE("outbound: a stream that breaks off is connection_lost", "[outbound]") {
  outbound_world world;

  const auto call = world.start(world.chat("#disconnect"));

  REQUIRE(call->wait_done());
  CHECK(code_of(*call) == errc::connection_lost);
  CHECK(contains(call->body(), "this will break"));
}

TEST_CASE("outbound: nobody listening is unavailable", "[outbound]") {
  outbound_world world;
  auto request = world.chat("hi");
  {
    const deaf_listener gone;
    request.url = gone.url();
  }

  const auto call = world.start(std::move(request));

  REQUIRE(call->wait_done());
  CHECK(code_of(*call) == errc::unavailable);
}

TEST_CASE("outbound: a response of exactly its bound passes, one byte more does not",
          "[outbound]") {
  outbound_world world;
  const auto whole = world.start(world.chat("#echo fits"));
  REQUIRE(whole->wait_done());
  const auto bytes = whole->body().size();

  auto fitting = world.chat("#echo fits");
  fitting.response_bytes_max = bytes;
  auto tight = world.chat("#echo fits");
  tight.response_bytes_max = bytes - 1;
  const auto passes = world.start(std::move(fitting));
  const auto fails = world.start(std::move(tight));

  REQUIRE(passes->wait_done());
  CHECK_FALSE(passes->failure());
  REQUIRE(fails->wait_done());
  CHECK(code_of(*fails) == errc::overloaded);
}

TEST_CASE("outbound: one call over the bound in flight ends at once", "[outbound]") {
  outbound_world world{2};
  const auto first = world.start(world.chat("#hold 60000"));
  const auto second = world.start(world.chat("#hold 60000"));
  const auto second_handle = world.last_call;

  const auto third = world.start(world.chat("hi"));

  REQUIRE(third->wait_done());
  CHECK(code_of(*third) == errc::overloaded);
  second_handle->cancel();
  REQUIRE(second->wait_done());
  const auto fourth = world.start(world.chat("hi"));
  REQUIRE(fourth->wait_done());
  CHECK_FALSE(fourth->failure());
  CHECK(first->dones() == 0);
}

TEST_CASE("outbound: what is not a sound HTTP request is refused", "[outbound]") {
  outbound_world world;
  auto request = world.chat("hi");
  SECTION("another scheme") {
    request.url = "file:///etc/passwd";
  }
  SECTION("no scheme") {
    request.url = "127.0.0.1/v1";
  }
  SECTION("a blank in the URL") {
    request.url += " HTTP/1.1";
  }
  SECTION("no host") {
    request.url = "http://";
  }
  SECTION("a line end in a header") {
    request.headers.emplace_back("x-key", "a\r\nx-injected: b");
  }
  SECTION("a line end in a header's name") {
    request.headers.emplace_back("x\r\ny", "a");
  }
  SECTION("a method with a blank") {
    request.method = "GET /other";
  }

  const auto call = world.start(std::move(request));

  REQUIRE(call->wait_done());
  CHECK(code_of(*call) == errc::invalid_argument);
}

TEST_CASE("outbound: a handle serves GET after POST without its body", "[outbound]") {
  outbound_world world;
  const auto posted = world.start(world.chat("hi"));
  REQUIRE(posted->wait_done());

  CHECK(contains(world.fetch("/log"), "\"text\":\"hi\""));
  CHECK(contains(world.fetch("/stats"), "\"calls\":1"));
}

TEST_CASE("outbound: 64 calls at once all end well", "[outbound]") {
  outbound_world world;
  std::vector<std::shared_ptr<recording_observer>> calls;

  for (int i = 0; i < 64; ++i)
    calls.push_back(world.start(world.chat("#slow 200 #long 2000 #call " + std::to_string(i))));

  for (const auto& call : calls) {
    REQUIRE(call->wait_done());
    CHECK_FALSE(call->failure());
    CHECK(contains(call->body(), "[DONE]"));
  }
}

TEST_CASE("outbound: a large request and a large response pass whole", "[outbound]") {
  outbound_world world;
  const std::string filler(3u << 20, 'x');

  const auto call = world.start(world.chat("#long 2000000 " + filler));

  REQUIRE(call->wait_done());
  CHECK_FALSE(call->failure());
  CHECK(call->body().size() > 2'000'000);
  CHECK(contains(call->body(), "[DONE]"));
}

TEST_CASE("outbound: closing the client cancels what is in flight", "[outbound]") {
  outbound_world world;
  const auto call = world.start(world.chat("#hold 60000"));

  world.client.reset();

  REQUIRE(call->wait_done());
  CHECK(code_of(*call) == errc::cancelled);
}

} // namespace troupe::test
