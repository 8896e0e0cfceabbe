#include "actors/gateway/http_api/stream_text.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

namespace troupe::gateway::http_api {
namespace {

run_event::text_delta delta(std::uint64_t offset, std::string text, bool replace = false) {
  run_event::text_delta out;
  out.offset = offset;
  out.text = std::move(text);
  out.replace = replace;
  return out;
}

} // namespace

TEST_CASE("stream text: pieces and the rest are the answer", "[http_api]") {
  stream_text text;
  CHECK(text.on_delta(delta(0, "Hello")) == "Hello");
  CHECK(text.on_delta(delta(5, ", wor")) == ", wor");
  CHECK(text.on_end("Hello, world") == "ld");
  CHECK_FALSE(text.broken());
}

TEST_CASE("stream text: what was missed comes with the end", "[http_api]") {
  stream_text text;
  CHECK(text.on_delta(delta(3, "lo")).empty());
  CHECK(text.on_end("Hello") == "Hello");
  CHECK_FALSE(text.broken());
}

TEST_CASE("stream text: a character is given out whole", "[http_api]") {
  stream_text text;
  CHECK(text.on_delta(delta(0, "a\xc3")) == "a");
  CHECK(text.on_delta(delta(2, "\xbc")) == "\xc3\xbc");
  CHECK(text.on_end("a\xc3\xbc").empty());
}

TEST_CASE("stream text: another attempt that says the same goes on", "[http_api]") {
  stream_text text;
  CHECK(text.on_delta(delta(0, "one two")) == "one two");
  CHECK(text.on_delta(delta(0, "one", true)).empty());
  CHECK(text.on_delta(delta(3, " two three")) == " three");
  CHECK(text.on_end("one two three.") == ".");
  CHECK_FALSE(text.broken());
}

TEST_CASE("stream text: another attempt that says something else breaks it", "[http_api]") {
  stream_text text;
  CHECK(text.on_delta(delta(0, "one two")) == "one two");
  CHECK(text.on_delta(delta(0, "uno", true)).empty());
  CHECK(text.broken());
  CHECK(text.on_delta(delta(3, " due")).empty());
  CHECK(text.on_end("uno due").empty());
  CHECK(text.broken());
}

TEST_CASE("stream text: an answer that ends short of what was sent is broken", "[http_api]") {
  stream_text text;
  CHECK(text.on_delta(delta(0, "one two")) == "one two");
  CHECK(text.on_end("one").empty());
  CHECK(text.broken());
}

TEST_CASE("stream text: words before a tool and the answer are two paragraphs", "[http_api]") {
  stream_text text;
  CHECK(text.on_delta(delta(0, "Let me look.")) == "Let me look.");
  text.on_step();
  CHECK(text.on_delta(delta(0, "It rains", true)) == "\n\nIt rains");
  CHECK(text.on_end("It rains.") == ".");
  CHECK_FALSE(text.broken());

  stream_text silent;
  silent.on_step();
  CHECK(silent.on_delta(delta(0, "It rains", true)) == "It rains");
}

TEST_CASE("stream text: however it is cut, repeated and lost, the whole arrives once",
          "[http_api]") {
  CHECK(rc::check("concatenates to the answer", [](const std::string& answer) {
    stream_text text;
    std::string got;
    std::size_t at = 0;
    const auto steps = *rc::gen::inRange(0, 12);
    for (int i = 0; i < steps; ++i) {
      const auto what = *rc::gen::inRange(0, 4);
      const auto bytes = *rc::gen::inRange<std::size_t>(0, 6);
      if (what == 0)
        at = 0;
      const auto piece = answer.substr(std::min(at, answer.size()), bytes);
      if (what != 1) // Else it is lost.
        got += text.on_delta(delta(at, piece, what == 0));
      at += piece.size();
    }
    got += text.on_end(answer);
    // What is cut off inside a character at the very end is no character.
    RC_ASSERT(!text.broken());
    RC_ASSERT(answer.starts_with(got));
    RC_ASSERT(answer.size() - got.size() < 4);
  }));
}

} // namespace troupe::gateway::http_api
