#include "tests/unit/actors/model/decoder_world.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {
namespace {

using namespace model;

model_failure refused(unsigned status, std::string_view body = {}) {
  decoder_world world;
  world.status = status;
  return world.read(body).failure();
}

model_failure broken(errc code, bool head_seen) {
  decoder_world world;
  world.status = head_seen ? 200 : 0;
  world.done = error{code, "detail"};
  return world.read({}).failure();
}

} // namespace

TEST_CASE("openai failure: the status decides kind and retry", "[model]") {
  struct row {
    unsigned status;
    failure_kind kind;
    bool retryable;
  };
  const auto expected =
      GENERATE(row{400, failure_kind::unknown, false}, row{401, failure_kind::auth, false},
               row{402, failure_kind::auth, false}, row{403, failure_kind::auth, false},
               row{404, failure_kind::unknown, false}, row{408, failure_kind::timeout, true},
               row{409, failure_kind::server, true}, row{413, failure_kind::context_length, false},
               row{422, failure_kind::unknown, false}, row{429, failure_kind::rate_limit, true},
               row{500, failure_kind::server, true}, row{503, failure_kind::server, true},
               row{529, failure_kind::server, true}, row{302, failure_kind::unknown, false});
  CAPTURE(expected.status);

  const auto failure = refused(expected.status);

  CHECK(failure.kind == expected.kind);
  CHECK(failure.retryable == expected.retryable);
  CHECK(failure.http_status == expected.status);
  CHECK(contains(failure.message, std::to_string(expected.status)));
}

TEST_CASE("openai failure: the provider's words are passed on", "[model]") {
  const std::string body = GENERATE(
      as<std::string>{}, R"({"error":{"message":"no such model"}})", R"({"error":"no such model"})",
      R"({"message":"no such model"})", R"({"detail":"no such model"})");

  CHECK(contains(refused(404, body).message, "no such model"));
}

TEST_CASE("openai failure: a page of HTML says nothing", "[model]") {
  const auto failure = refused(502, "<html><body>Bad Gateway</body></html>");

  CHECK(failure.message == "The provider failed (HTTP 502)");
}

TEST_CASE("openai failure: some refusals are known by their words", "[model]") {
  CHECK(refused(400, R"({"error":{"code":"context_length_exceeded","message":"x"}})").kind ==
        failure_kind::context_length);
  CHECK(refused(400, R"({"error":{"message":"This model's Maximum Context length is 8"}})").kind ==
        failure_kind::context_length);
  CHECK(refused(400, R"({"error":{"code":"content_policy_violation","message":"x"}})").kind ==
        failure_kind::refusal);
  const auto funds = refused(429, R"({"error":{"code":"insufficient_quota","message":"pay"}})");
  CHECK(funds.kind == failure_kind::auth);
  CHECK_FALSE(funds.retryable);
}

TEST_CASE("openai failure: no secret gets into the message", "[model]") {
  decoder_world world;
  world.status = 401;
  world.provider.api_key = secret{"topsecret-value"};
  world.provider.headers["x-team"] = secret{"team-value-9"};

  const auto message =
      world
          .read(R"({"error":{"message":"key topsecret-value of team-value-9 is not )"
                R"(sk-proj-abcdefghijkl, Incorrect API key: sk-12345*****wxyz"}})")
          .failure()
          .message;

  CHECK(contains(message, "key *** of *** is not ***, Incorrect API key: ***"));
}

TEST_CASE("openai failure: words are cut to one short line of UTF-8", "[model]") {
  std::string words = "line\\nline\\u0007 ";
  for (int i = 0; i < 400; ++i)
    words += "ä";

  const auto message = refused(500, R"({"error":{"message":")" + words + "\"}}").message;

  CHECK(contains(message, "line line  ä"));
  CHECK(message.size() < 400);
  CHECK(message.substr(message.size() - 5) == "ä…");
}

TEST_CASE("openai failure: a deep or huge error body is survived", "[model]") {
  CHECK(refused(500, std::string(100'000, '[')).kind == failure_kind::server);
  CHECK(refused(500, std::string(10u << 20, 'x')).kind == failure_kind::server);
}

TEST_CASE("openai failure: Retry-After in seconds, milliseconds and as a date", "[model]") {
  decoder_world world;
  world.status = 429;
  world.now = 784'111'770'000; // Seven seconds before the date below.

  world.headers = {{"retry-after", "3"}};
  CHECK(world.read({}).failure().retry_after == std::chrono::milliseconds{3'000});
  world.headers = {{"retry-after", "3"}, {"retry-after-ms", "250"}};
  CHECK(world.read({}).failure().retry_after == std::chrono::milliseconds{250});
  world.headers = {{"retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"}};
  CHECK(world.read({}).failure().retry_after == std::chrono::milliseconds{7'000});
  world.headers = {};
  CHECK_FALSE(world.read({}).failure().retry_after);
}

TEST_CASE("openai failure: what breaks below HTTP", "[model]") {
  CHECK(broken(errc::timeout, false).kind == failure_kind::timeout);
  CHECK(broken(errc::timeout, true).retryable);
  CHECK(broken(errc::unavailable, false).kind == failure_kind::connection);
  CHECK(broken(errc::unavailable, false).retryable);
  CHECK(broken(errc::connection_lost, true).retryable);
  CHECK(broken(errc::overloaded, false).retryable);
  CHECK(broken(errc::overloaded, true).kind == failure_kind::bad_response);
  CHECK_FALSE(broken(errc::overloaded, true).retryable);
  CHECK_FALSE(broken(errc::invalid_argument, false).retryable);
}

TEST_CASE("openai failure: a refusal stands although its body was cut off", "[model]") {
  decoder_world world;
  world.status = 503;
  world.done = error{errc::connection_lost, "reset"};

  CHECK(world.read(R"({"error":{"mess)").failure().http_status == 503);
}

} // namespace troupe::test
