#include "net/frames/json_text.hpp"
#include "net/frames/request.hpp"
#include "net/frames/response.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

namespace troupe::test {

namespace frames = net::frames;
namespace json = boost::json;

namespace {

std::string whole(const net::ws_frame& frame) {
  return frame.head + (frame.body ? *frame.body : "") + frame.tail;
}

std::string parsed_text(const std::string& quoted) {
  const auto value = json::parse(quoted);
  return {value.as_string().data(), value.as_string().size()};
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

std::string request_with(std::string_view params) {
  return fmt::format(R"({{"type":"req","id":"1","method":"m","params":{}}})", params);
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto bytes = frames::utf8_sequence_bytes(text);
    if (bytes == 0)
      return false;
    text.remove_prefix(bytes);
  }
  return true;
}

} // namespace

TEST_CASE("frames: reads a request with and without the optional fields", "[frames]") {
  const auto full =
      frames::parse_frame(R"( {"type":"req","id":"a1","method":"chat.send","params":{"x":[1,"é"]},)"
                          R"("traceparent":"00-a","expectedProfileId":"p"} )");
  const auto bare = frames::parse_frame(R"({"method":"health","id":"2","type":"req"})");
  const auto null = frames::parse_frame(request_with("null"));

  const auto& request = std::get<frames::request_frame>(full);
  CHECK(request.id == "a1");
  CHECK(request.method == "chat.send");
  CHECK(json::serialize(request.params.value()) == R"({"x":[1,"é"]})");
  CHECK(request.traceparent == "00-a");
  CHECK(request.expected_profile_id == "p");
  CHECK_FALSE(std::get<frames::request_frame>(bare).params.has_value());
  CHECK(std::get<frames::request_frame>(null).params.value().is_null());
}

TEST_CASE("frames: says what is wrong with a frame in the protocol's words", "[frames]") {
  struct {
    const char* text;
    const char* id;
    const char* problem;
  } const cases[] = {
      // The first two are recordings of the reference server.
      {R"({"type":"event","event":"x"})", "invalid",
       "must have required property 'id'; at root: unexpected property 'event'; at /type: must be "
       "equal to constant"},
      {R"({"type":"req","id":"b1"})", "b1", "must have required property 'method'"},
      {R"({"id":"b1","method":"m"})", "b1", "must have required property 'type'"},
      {R"({})", "invalid", "must have required property 'type'"},
      {R"({"type":"req","id":"","method":"m"})", "invalid",
       "at /id: must not have fewer than 1 characters"},
      {R"({"type":"req","id":7,"method":"m"})", "invalid", "at /id: must be string"},
      {R"({"type":"req","id":"1","method":null})", "1", "at /method: must be string"},
      {R"({"type":"res","id":"1","method":"m"})", "1", "at /type: must be equal to constant"},
      {R"({"type":"req","id":"1","method":"m","a":1,"b":2})", "1",
       "at root: unexpected property 'a'; at root: unexpected property 'b'"},
      {R"({"type":"req","id":"1","method":"m","expectedProfileId":""})", "1",
       "at /expectedProfileId: must not have fewer than 1 characters"},
      {R"([])", "invalid", "at root: must be object"},
      {R"("text")", "invalid", "at root: must be object"},
      {R"(null)", "invalid", "at root: must be object"},
  };
  for (const auto& one : cases) {
    INFO(one.text);
    const auto frame = frames::parse_frame(one.text);
    const auto* invalid = std::get_if<frames::invalid_frame>(&frame);
    REQUIRE(invalid != nullptr);
    CHECK(invalid->id == one.id);
    CHECK(invalid->message == fmt::format("invalid request frame: {}", one.problem));
  }
}

TEST_CASE("frames: bounds the optional fields", "[frames]") {
  const auto with = [](std::string_view field, std::size_t bytes) {
    return frames::parse_frame(fmt::format(R"({{"type":"req","id":"1","method":"m","{}":"{}"}})",
                                           field, std::string(bytes, 'x')));
  };
  for (const auto* field : {"traceparent", "expectedProfileId"}) {
    CHECK(std::holds_alternative<frames::request_frame>(with(field, 128)));
    CHECK(std::holds_alternative<frames::invalid_frame>(with(field, 129)));
  }
}

TEST_CASE("frames: tells text that is not JSON apart", "[frames]") {
  for (const std::string_view text :
       {"", " ", "hello", "{", R"({"type":"req"} x)", R"({"type":"req",})", "{'type':'req'}",
        R"({"type":"req","id":"1","method":"m"}{})", "\xEF\xBB\xBF{}", "// c\n{}", "NaN", "01",
        "\"\x80\""}) {
    INFO(text);
    CHECK(std::holds_alternative<frames::not_json>(frames::parse_frame(text)));
  }
}

TEST_CASE("frames: bounds depth and number of values", "[frames]") {
  // The frame's own object is one level.
  const auto deep = frames::parse_frame(request_with(nested(frames::json_depth_max - 1)));
  const auto deeper = frames::parse_frame(request_with(nested(frames::json_depth_max)));
  const auto hostile = frames::parse_frame(std::string(1'000'000, '['));
  CHECK(std::holds_alternative<frames::request_frame>(deep));
  CHECK(std::holds_alternative<frames::invalid_frame>(deeper));
  CHECK(std::holds_alternative<frames::invalid_frame>(hostile));

  const auto list = [](std::size_t count) {
    std::string text = "[0";
    for (std::size_t i = 1; i < count; ++i)
      text += ",0";
    return request_with(text + "]");
  };
  CHECK(std::holds_alternative<frames::request_frame>(
      frames::parse_frame(list(frames::json_values_max - 20))));
  CHECK(std::holds_alternative<frames::invalid_frame>(
      frames::parse_frame(list(frames::json_values_max + 1))));
  // Commas in strings are no values.
  CHECK(std::holds_alternative<frames::request_frame>(
      frames::parse_frame(request_with("\"" + std::string(3'000'000, ',') + "\""))));
}

TEST_CASE("frames: what a request says comes back from the parser", "[frames]") {
  rc::check("id, method and a text survive", [](const std::string& raw) {
    const auto text = parsed_text(frames::json_string(raw));
    RC_PRE(!text.empty());
    const auto quoted = frames::json_string(text);
    const auto frame = frames::parse_frame(
        fmt::format(R"({{"type":"req","id":{0},"method":{0},"params":{{"t":{0}}}}})", quoted));
    const auto& request = std::get<frames::request_frame>(frame);
    RC_ASSERT(request.id == text);
    RC_ASSERT(request.method == text);
    RC_ASSERT(request.params->at("t").as_string() == json::string_view{text});
  });
}

TEST_CASE("frames: any bytes become a JSON string in valid UTF-8", "[frames]") {
  rc::check("parses and is UTF-8", [](const std::vector<std::uint8_t>& bytes) {
    const std::string raw{bytes.begin(), bytes.end()};
    const auto quoted = frames::json_string(raw);
    RC_ASSERT(is_utf8(quoted));
    const auto back = parsed_text(quoted);
    if (is_utf8(raw))
      RC_ASSERT(back == raw);
  });
  CHECK(frames::json_string("a\"\\\n\r\t\x01\x7f/é") == "\"a\\\"\\\\\\n\\r\\t\\u0001\x7f/é\"");
}

TEST_CASE("frames: what must be escaped is, wherever it stands", "[frames]") {
  const std::pair<std::string, std::string> cases[] = {
      {"\"", "\\\""},          {"\\", "\\\\"}, {std::string(1, '\0'), "\\u0000"},
      {"\x1f", "\\u001f"},     {"é", "é"},     {"\x80", "\xEF\xBF\xBD"},
      {"!#[]\x7f", "!#[]\x7f"}};
  for (const auto& [raw, shown] : cases)
    for (std::size_t before = 0; before < 20; ++before)
      for (std::size_t after = 0; after < 10; ++after) {
        const std::string head(before, ' ');
        const std::string tail(after, '~');
        CHECK(frames::json_string(head + raw + tail) == '"' + head + shown + tail + '"');
      }
}

TEST_CASE("frames: each broken piece of UTF-8 becomes one replacement character", "[frames]") {
  const std::string fffd = "\xEF\xBF\xBD";
  const std::pair<std::string, std::string> cases[] = {
      {"\x80", fffd},
      {"\xC0\x80", fffd + fffd},
      {"\xE2\x82", fffd},
      {"\xE2\x82x", fffd + "x"},
      {"\xED\xA0\x80", fffd + fffd + fffd},
      {"\xF4\x90\x80\x80", fffd + fffd + fffd + fffd},
      {"\xF0\x9F\x98", fffd},
      {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
      {"\xFF", fffd},
  };
  for (const auto& [raw, shown] : cases)
    CHECK(frames::json_string(raw) == "\"" + shown + "\"");
}

TEST_CASE("frames: cuts close reasons at 123 bytes, never inside a character", "[frames]") {
  CHECK(frames::close_reason(std::string(123, 'r')).size() == 123);
  CHECK(frames::close_reason(std::string(124, 'r')) == std::string(123, 'r'));
  for (const std::size_t before : {120u, 121u, 122u, 123u}) {
    const auto cut = frames::close_reason(std::string(before, 'r') + "\xE2\x82\xAC");
    CHECK(cut.size() == (before == 120 ? 123 : before));
    CHECK(is_utf8(cut));
  }
  CHECK(is_utf8(frames::close_reason(std::string(200, '\x80'))));
}

TEST_CASE("frames: builds responses", "[frames]") {
  CHECK(whole(frames::response_ok("1", std::string{R"({"a":1})"})) ==
        R"({"type":"res","id":"1","ok":true,"payload":{"a":1}})");
  CHECK(whole(frames::response_ok("1")) == R"({"type":"res","id":"1","ok":true})");
  CHECK(whole(frames::response_error("q\"", {std::string{frames::code::unavailable}, "try\nlater",
                                             R"({"method":"m"})", true, 1500})) ==
        R"({"type":"res","id":"q\"","ok":false,"error":{"code":"UNAVAILABLE",)"
        R"("message":"try\nlater","details":{"method":"m"},"retryable":true,)"
        R"("retryAfterMs":1500}})");
  CHECK(frames::error_json({"FORBIDDEN", "no", {}, {}, {}}) ==
        R"({"code":"FORBIDDEN","message":"no"})");
}

TEST_CASE("frames: an event is serialised once and numbered per client", "[frames]") {
  const frames::event event{"chat", R"({"text":"hi"})"};
  const auto first = event.frame(1);
  const auto second = event.frame(18'446'744'073'709'551'615u);

  CHECK(whole(first) == R"({"type":"event","event":"chat","payload":{"text":"hi"},"seq":1})");
  CHECK(whole(second) ==
        R"({"type":"event","event":"chat","payload":{"text":"hi"},"seq":18446744073709551615})");
  CHECK(whole(event.frame()) == R"({"type":"event","event":"chat","payload":{"text":"hi"}})");
  CHECK(first.body.get() == second.body.get());
  CHECK(whole(frames::event{"health", "{}", {3, 4}}.frame(2)) ==
        R"({"type":"event","event":"health","payload":{},)"
        R"("stateVersion":{"presence":3,"health":4},"seq":2})");
  CHECK(whole(frames::event{"bare", ""}.frame(5)) == R"({"type":"event","event":"bare","seq":5})");
}

TEST_CASE("frames: a cut never leaves half a sequence", "[frames]") {
  const std::string text = "a€b";
  CHECK(frames::cut_utf8(text, 5) == "a€b");
  CHECK(frames::cut_utf8(text, 4) == "a€");
  CHECK(frames::cut_utf8(text, 3) == "a");
  CHECK(frames::cut_utf8(text, 2) == "a");
  CHECK(frames::whole_utf8_prefix("a\xE2\x82") == 1);
  CHECK(frames::whole_utf8_prefix("a€") == 4);
  // Continuation bytes without a beginning are not waited for.
  CHECK(frames::whole_utf8_prefix("\x82\x82\x82\x82") == 4);
  CHECK(frames::whole_utf8_prefix("") == 0);
}

} // namespace troupe::test
