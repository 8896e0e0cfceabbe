#include "actors/gateway/frames.hpp"
#include "actors/gateway/limits.hpp"
#include "actors/gateway/schema.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <array>
#include <string>

namespace troupe::gateway {
namespace {

bad_frame bad(std::string_view text) {
  const auto parsed = parse_frame(text);
  REQUIRE(std::holds_alternative<bad_frame>(parsed));
  return std::get<bad_frame>(parsed);
}

std::string findings(std::string_view text, std::span<const field> fields,
                     unknown_properties unknown = unknown_properties::refused) {
  return join_findings(check(boost::json::parse(text).as_object(), fields, unknown));
}

} // namespace

TEST_CASE("frames: a request is read, with and without params", "[gateway]") {
  const auto with = std::get<request_frame>(
      parse_frame(R"({"type":"req","id":"1","method":"m","params":{"a":1},"traceparent":"t"})"));
  CHECK(with.id == "1");
  CHECK(with.method == "m");
  CHECK(with.params.at("a") == 1);
  const auto without =
      std::get<request_frame>(parse_frame(R"({"type":"req","id":"1","method":"m"})"));
  CHECK_FALSE(without.params_given);
}

TEST_CASE("frames: what is wrong is told in the reference's words", "[gateway]") {
  const auto no_method = bad(R"({"type":"req","id":"b1"})");
  CHECK(no_method.id == "b1");
  CHECK(no_method.is_request);
  CHECK(no_method.findings == "must have required property 'method'");
  const auto event = bad(R"({"type":"event","event":"x"})");
  CHECK(event.id == "invalid");
  CHECK_FALSE(event.is_request);
  CHECK(event.findings == "must have required property 'id'; at root: unexpected property "
                          "'event'; at /type: must be equal to constant");
  CHECK(bad("[]").findings == "must be object");
  CHECK(bad(R"({"type":"req","id":"1","method":"m","params":[]})").findings ==
        "at /params: must be object");
}

TEST_CASE("frames: text that is no JSON, or too deep, is no frame", "[gateway]") {
  CHECK(std::holds_alternative<not_json>(parse_frame("hello{")));
  CHECK(std::holds_alternative<not_json>(parse_frame("")));
  const auto depth = json_depth_max + 1;
  CHECK(std::holds_alternative<not_json>(
      parse_frame(std::string(depth, '[') + std::string(depth, ']'))));
}

TEST_CASE("frames: answers and events have the protocol's shape", "[gateway]") {
  CHECK(response_ok("1", "{}") == R"({"type":"res","id":"1","ok":true,"payload":{}})");
  protocol_error failure = unavailable("later");
  CHECK(response_error("1", failure) ==
        R"({"type":"res","id":"1","ok":false,"error":{"code":"UNAVAILABLE","message":"later",)"
        R"("retryable":true,"retryAfterMs":500}})");
  CHECK(response_error("1", invalid_request("no"), R"({"a":1})") ==
        R"({"type":"res","id":"1","ok":false,"payload":{"a":1},)"
        R"("error":{"code":"INVALID_REQUEST","message":"no"}})");
  CHECK(event_body("tick", R"({"ts":1})") + event_tail(7) ==
        R"({"type":"event","event":"tick","payload":{"ts":1},"seq":7})");
  CHECK(event_body("health", "{}", "{}") + event_tail(1) ==
        R"({"type":"event","event":"health","payload":{},"stateVersion":{},"seq":1})");
}

TEST_CASE("frames: failures of ours keep what a client can do about them", "[gateway]") {
  CHECK(from_failure({errc::overloaded, "full"}).code == "UNAVAILABLE");
  CHECK(from_failure({errc::overloaded, "full"}).retryable);
  CHECK(from_failure({errc::overloaded, "full"}).retry_after_ms > 0);
  CHECK(from_failure({errc::forbidden, "no"}).code == "FORBIDDEN");
  CHECK(from_failure({errc::invalid_argument, "no"}).code == "INVALID_REQUEST");
  CHECK_FALSE(from_failure({errc::internal, ""}).retryable);
  CHECK(from_failure({errc::internal, ""}).message == "internal");
}

TEST_CASE("schema: the first missing property, then unexpected ones, then wrong values",
          "[gateway]") {
  constexpr std::array<field, 3> fields{{
      {.name = "a", .kind = json_kind::string, .required = true},
      {.name = "b", .kind = json_kind::string, .required = true},
      {.name = "n", .kind = json_kind::integer, .min = 1, .max = 3},
  }};
  CHECK(findings(R"({"z":1,"n":4})", fields) ==
        "must have required property 'a'; at root: unexpected property 'z'; at /n: must be <= 3");
  CHECK(findings(R"({"z":1,"a":"","b":""})", fields, unknown_properties::tolerated).empty());
}

TEST_CASE("schema: whole numbers may be written as JavaScript writes them", "[gateway]") {
  constexpr std::array<field, 1> fields{{{.name = "n", .kind = json_kind::integer, .min = 1}}};
  CHECK(findings(R"({"n":4.0})", fields).empty());
  CHECK(findings(R"({"n":1e3})", fields).empty());
  CHECK(findings(R"({"n":4.5})", fields) == "at /n: must be integer");
  CHECK(findings(R"({"n":1e300})", fields) == "at /n: must be integer");
  CHECK(findings(R"({"n":0.0})", fields) == "at /n: must be >= 1");
}

TEST_CASE("schema: characters are counted, not bytes", "[gateway]") {
  constexpr std::array<field, 1> fields{{{.name = "s", .kind = json_kind::string, .max = 2}}};
  CHECK(findings(R"({"s":"€€"})", fields).empty());
  CHECK(findings(R"({"s":"€€€"})", fields) == "at /s: must not have more than 2 characters");
}

} // namespace troupe::gateway
