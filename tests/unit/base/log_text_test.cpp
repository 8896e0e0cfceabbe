#include "base/log_text.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

using namespace troupe;

namespace {

/// What a reader of the file makes of it; throws when the line is not JSON.
std::string read_back(std::string_view text) {
  return boost::json::parse("\"" + log::message_text(text) + "\"").as_string().c_str();
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

} // namespace

TEST_CASE("log text: what is plain stays as it is", "[log]") {
  for (const std::string text : {"", "a connection ended", "Grüße, 世界 😀", "a/b?c=d&e=%20"})
    CHECK(log::message_text(text) == text);
}

TEST_CASE("security row 13: quotes and backslashes cannot end the field", "[security]") {
  const std::string forged = R"(x","level":"error","message":"all is lost\)";
  CHECK(read_back(forged) == forged);
  CHECK(log::message_text(forged).find(R"(",")") == std::string::npos);
}

TEST_CASE("security row 13: nothing ends the line or moves the cursor", "[security]") {
  for (const std::string text : {"a\r\nb", "a\nb",
                                 "\x1b"
                                 "[2J\x1b"
                                 "[1;1Hgone",
                                 "a\x07\x08"
                                 "z",
                                 "a\x7f"
                                 "z",
                                 "a\xc2\x9b"
                                 "31mz",
                                 "a\xc2\x85"
                                 "z",
                                 "a\xe2\x80\xa8"
                                 "z"}) {
    INFO(text);
    const auto shown = log::message_text(text);
    CHECK_FALSE(has_control(shown));
    CHECK(shown.find("\\u") != std::string::npos);
    CHECK(read_back(text) == text);
  }
}

TEST_CASE("security row 13: nothing turns the reading direction or hides", "[security]") {
  for (const std::string text :
       {"\u202e", "\u202a", "\u2066", "\u2069", "\u200f", "\u061c", "\u200b", "\ufeff", "\u2060"}) {
    const auto shown = log::message_text("user " + text + " nimda");
    CHECK(shown.find(text) == std::string::npos);
    CHECK(read_back("user " + text + " nimda") == "user " + text + " nimda");
  }
}

TEST_CASE("log text: what is no UTF-8 is replaced", "[log]") {
  for (const std::string text : {"\x80", "\xff\xfe", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                                 "\xf4\x90\x80\x80", "\xc3"}) {
    const auto shown = log::message_text("a" + text);
    CHECK(shown.starts_with("a\\ufffd"));
    CHECK_NOTHROW(read_back("a" + text));
  }
}

TEST_CASE("log text: long text is cut between characters", "[log]") {
  for (const std::string unit : {"x", "ü", "世", "😀"}) {
    std::string text;
    while (text.size() <= 2 * log::log_field_bytes_max)
      text += unit;
    for (std::size_t shift = 0; shift < unit.size(); ++shift) {
      const auto shown = log::message_text(std::string(shift, '.') + text);
      CHECK(shown.ends_with(unit + "…"));
      CHECK(shown.size() <= log::log_field_bytes_max + std::string_view{"…"}.size());
      const auto beginning = log::outside(std::string(shift, '.') + text);
      CHECK(beginning.ends_with(unit + "…"));
      CHECK(beginning.size() <= log::outside_bytes_max + std::string_view{"…"}.size());
    }
  }
  CHECK(log::outside("short") == "short");
}

TEST_CASE("security row 13: no bytes at all forge a line", "[security]") {
  CHECK(rc::check("any bytes become one JSON string on one line", [](std::vector<char> bytes) {
    const std::string text{bytes.begin(), bytes.end()};
    const auto shown = log::message_text(text);
    RC_ASSERT(!has_control(shown));
    RC_ASSERT(boost::json::parse("\"" + shown + "\"").is_string());
  }));
}
