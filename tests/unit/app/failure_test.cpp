#include "app/cli/failure.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

namespace {

using namespace troupe;
using namespace troupe::cli;

failure refused_with(const char* error) {
  return refused("status", boost::json::parse(error).as_object());
}

} // namespace

TEST_CASE("failure: a missing gateway says how to start one") {
  const auto told = cannot_connect({errc::unavailable, "refused"}, "ws://127.0.0.1:18789");

  CHECK(told.status == exit_status::unreachable);
  CHECK(told.message.find("no gateway answers at ws://127.0.0.1:18789") == 0);
  CHECK(told.next.find("troupe gateway run") != std::string::npos);
  CHECK(retryable(told));
}

TEST_CASE("failure: an untrusted certificate is not tried again") {
  const auto told = cannot_connect({errc::forbidden, "self-signed"}, "wss://h:1");

  CHECK(told.code == "certificate_not_trusted");
  CHECK_FALSE(retryable(told));
}

TEST_CASE("failure: wrong credentials are told from wrong requests") {
  const auto token =
      refused_with(R"({"code":"INVALID_REQUEST","message":"unauthorized: gateway token mismatch",)"
                   R"("details":{"code":"AUTH_TOKEN_MISMATCH"}})");
  CHECK(token.status == exit_status::unauthorized);
  CHECK(token.next.find("--token") != std::string::npos);

  const auto none = refused_with(R"({"code":"NOT_PAIRED","message":"device identity required",
      "details":{"code":"DEVICE_IDENTITY_REQUIRED"}})");
  CHECK(none.status == exit_status::unauthorized);

  const auto scope = refused_with(R"({"code":"FORBIDDEN","message":"missing scope: operator.read",
      "details":{"code":"MISSING_SCOPE"}})");
  CHECK(scope.status == exit_status::unauthorized);
  CHECK(scope.code == "missing_scope");

  const auto request = refused_with(R"({"code":"INVALID_REQUEST","message":"unknown method: x"})");
  CHECK(request.status == exit_status::failed);
  CHECK(request.code == "INVALID_REQUEST");
  CHECK(request.message == "status: unknown method: x");
}

TEST_CASE("failure: only what the gateway calls retryable is tried again") {
  const auto busy = refused_with(
      R"({"code":"UNAVAILABLE","message":"starting","retryable":true,"retryAfterMs":500})");
  CHECK(retryable(busy));
  CHECK(retry_after_ms(busy) == 500);

  const auto for_good = refused_with(R"({"code":"UNAVAILABLE","message":"no"})");
  CHECK_FALSE(retryable(for_good));
  const auto unauthorized =
      refused_with(R"({"code":"INVALID_REQUEST","message":"unauthorized: wait","retryable":true})");
  CHECK_FALSE(retryable(unauthorized));
}

TEST_CASE("failure: every kind says what to do next") {
  for (const auto& each : {connection_lost(""), interrupted(), usage("a", "b"),
                           cli::timed_out("a", "b"), refused_with("{}")})
    CHECK_FALSE(each.next.empty());
}
