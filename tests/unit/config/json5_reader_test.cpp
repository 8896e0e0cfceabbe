#include "config/json5/reader.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

namespace troupe::config::json5 {
namespace {

namespace json = boost::json;

document accepted(std::string_view text) {
  auto outcome = read(text);
  if (const auto* wrong = std::get_if<syntax_error>(&outcome))
    FAIL(text << " -> " << wrong->message);
  return std::move(std::get<document>(outcome));
}

json::value value_of(std::string_view text) {
  return accepted(text).value;
}

/// "line:column message"
std::string refused(std::string_view text) {
  auto outcome = read(text);
  const auto* wrong = std::get_if<syntax_error>(&outcome);
  if (!wrong)
    FAIL(text << " was accepted");
  return std::to_string(wrong->where.line) + ":" + std::to_string(wrong->where.column) + " " +
         wrong->message;
}

bool is_refused(std::string_view text) {
  return std::holds_alternative<syntax_error>(read(text));
}

std::string nested(unsigned depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

TEST_CASE("json5: reads the words", "[json5]") {
  CHECK(value_of("null").is_null());
  CHECK(value_of("true").as_bool());
  CHECK_FALSE(value_of("false").as_bool());
  for (const auto* wrong : {"nul", "nulll", "True", "undefined", "nan", "infinity", "truefalse"})
    CHECK(is_refused(wrong));
}

TEST_CASE("json5: reads integers exactly as far as 64 bits go", "[json5]") {
  CHECK(value_of("0").as_int64() == 0);
  CHECK(value_of("+7").as_int64() == 7);
  CHECK(value_of("-7").as_int64() == -7);
  CHECK(value_of("9223372036854775807").as_int64() == std::numeric_limits<std::int64_t>::max());
  CHECK(value_of("-9223372036854775808").as_int64() == std::numeric_limits<std::int64_t>::min());
  CHECK(value_of("18446744073709551615").as_uint64() == std::numeric_limits<std::uint64_t>::max());
  CHECK(value_of("18446744073709551616").as_double() == 18446744073709551616.0);
  CHECK(value_of("-9223372036854775809").as_double() == -9223372036854775808.0);
  CHECK(std::signbit(value_of("-0").as_double()));
}

TEST_CASE("json5: reads hexadecimal numbers", "[json5]") {
  CHECK(value_of("0xdecaf").as_int64() == 0xdecaf);
  CHECK(value_of("0XC0FFEE").as_int64() == 0xc0ffee);
  CHECK(value_of("-0x10").as_int64() == -16);
  CHECK(value_of("+0x10").as_int64() == 16);
  CHECK(value_of("0x0000000000000000000001").as_int64() == 1);
  CHECK(value_of("0x10000000000000000").as_double() == 18446744073709551616.0);
  CHECK(std::isinf(value_of("0x" + std::string(300, 'f')).as_double()));
  for (const auto* wrong : {"0x", "0xg", "0x1.5", "0x-1", "x10", "0x 1", "00x1"})
    CHECK(is_refused(wrong));
}

TEST_CASE("json5: reads decimals with a bare point and with exponents", "[json5]") {
  CHECK(value_of(".5").as_double() == 0.5);
  CHECK(value_of("5.").as_double() == 5.0);
  CHECK(value_of("5.e1").as_double() == 50.0);
  CHECK(value_of(".5e1").as_double() == 5.0);
  CHECK(value_of("-.5").as_double() == -0.5);
  CHECK(value_of("0.0").as_double() == 0.0);
  CHECK(value_of("0e5").as_double() == 0.0);
  CHECK(value_of("1e3").as_double() == 1000.0);
  CHECK(value_of("1E+3").as_double() == 1000.0);
  CHECK(value_of("25e-2").as_double() == 0.25);
  CHECK(value_of("123456.789").as_double() == 123456.789);
  for (const auto* wrong : {".", "+", "-", "+.", ".e1", "1e", "1e+", "1.2.3", "1e1.5", "+ 1", "--1",
                            "01", "00", "-01", "1a", "1_000", "5..", "١"})
    CHECK(is_refused(wrong));
}

TEST_CASE("json5: numbers beyond a double become infinite or zero", "[json5]") {
  CHECK(value_of("1e999").as_double() == std::numeric_limits<double>::infinity());
  CHECK(value_of("-1e999").as_double() == -std::numeric_limits<double>::infinity());
  CHECK(value_of("1e-999").as_double() == 0.0);
  CHECK(value_of("0.4e00669999999999999999999999999999").as_double() ==
        std::numeric_limits<double>::infinity());
  CHECK(value_of("4e-9999999999999999999999999").as_double() == 0.0);
  CHECK(value_of("5e-324").as_double() == std::numeric_limits<double>::denorm_min());
  CHECK(value_of(std::string(1000, '9') + "e-5").as_double() ==
        std::numeric_limits<double>::infinity());
  CHECK(value_of("0." + std::string(1000, '0') + "1e5").as_double() == 0.0);
  CHECK(value_of("0e99999999999999999999").as_double() == 0.0);
}

TEST_CASE("json5: reads Infinity and NaN with every sign", "[json5]") {
  CHECK(std::isinf(value_of("Infinity").as_double()));
  CHECK(std::isinf(value_of("+Infinity").as_double()));
  CHECK(value_of("-Infinity").as_double() < 0);
  CHECK(std::isnan(value_of("NaN").as_double()));
  CHECK(std::isnan(value_of("-NaN").as_double()));
  CHECK(std::isnan(value_of("+NaN").as_double()));
  CHECK(is_refused("Infinit"));
  CHECK(is_refused("--Infinity"));
}

TEST_CASE("json5: reads strings in both quotes", "[json5]") {
  CHECK(value_of(R"("it's")").as_string() == "it's");
  CHECK(value_of(R"('say "hi"')").as_string() == R"(say "hi")");
  CHECK(value_of(R"("")").as_string().empty());
  CHECK(value_of("'\t\x01'").as_string() == "\t\x01");
  CHECK(value_of("'\xe2\x80\xa8\xe2\x80\xa9'").as_string() == "\xe2\x80\xa8\xe2\x80\xa9");
  CHECK(value_of("'grüße 😀'").as_string() == "grüße 😀");
  CHECK(refused("\"abc") == "1:1 this string is never closed");
  CHECK(refused("'a\nb'").starts_with("1:3 a string may not contain a line end"));
  CHECK(is_refused("'a\rb'"));
  CHECK(is_refused("'a\""));
}

TEST_CASE("json5: knows every escape", "[json5]") {
  CHECK(value_of(R"("\b\f\n\r\t\v\0")").as_string() == std::string_view("\b\f\n\r\t\v\0", 7));
  CHECK(value_of(R"("\'\"\\\/")").as_string() == "'\"\\/");
  CHECK(value_of(R"("\q\ä\😀")").as_string() == "qä😀");
  CHECK(value_of(R"("\x41\xe9")").as_string() == "Aé");
  CHECK(value_of(R"("\u0041\u20ac")").as_string() == "A€");
  CHECK(value_of(R"("\uD83D\uDE00")").as_string() == "😀");
  CHECK(value_of(R"("\0a")").as_string() == std::string_view("\0a", 2));
}

TEST_CASE("json5: a backslash joins lines of a string", "[json5]") {
  CHECK(value_of("'a\\\nb'").as_string() == "ab");
  CHECK(value_of("'a\\\rb'").as_string() == "ab");
  CHECK(value_of("'a\\\r\nb'").as_string() == "ab");
  CHECK(value_of("'a\\\xe2\x80\xa8"
                 "b\\\xe2\x80\xa9"
                 "c'")
            .as_string() == "abc");
}

TEST_CASE("json5: refuses escapes that mean nothing", "[json5]") {
  for (const auto* wrong : {R"("\1")", R"("\9")", R"("\00")", R"("\01")", R"("\x4")", R"("\xg0")",
                            R"("\u12")", R"("\u{41}")", R"("\)", R"("\u")", R"("\x")"})
    CHECK(is_refused(wrong));
}

TEST_CASE("json5: refuses half a surrogate pair, which has no UTF-8 form", "[json5]") {
  CHECK(refused(R"("\uD800")") == "1:2 a high surrogate escape needs a low one after it");
  CHECK(refused(R"("\uDC00")") == "1:2 a low surrogate escape needs a high one before it");
  CHECK(is_refused(R"("\uD800A")"));
  CHECK(is_refused(R"("\uD800\u0041")"));
  CHECK(is_refused(R"("\uD800\n")"));
}

TEST_CASE("json5: refuses text that is not UTF-8", "[json5]") {
  CHECK(refused("'a\xff'") == "1:3 the text is not valid UTF-8");
  for (const auto* wrong : {"'\xc0\xaf'", "'\xe0\x80\x80'", "'\xed\xa0\x80'", "'\xf4\x90\x80\x80'",
                            "'\xf8\x88\x80\x80\x80'", "'\xe2\x82'", "// \x80\n1", "\xc3"})
    CHECK(is_refused(wrong));
}

TEST_CASE("json5: reads keys without quotes", "[json5]") {
  const auto value = value_of("{a: 1, $b_9: 2, _: 3, null: 4, 'q-r': 5, \"s t\": 6, ümläut: 7}");
  CHECK(json::serialize(value) == R"({"a":1,"$b_9":2,"_":3,"null":4,"q-r":5,"s t":6,"ümläut":7})");
  for (const auto* wrong : {"{9a: 1}", "{a-b: 1}", "{-a: 1}", "{a b: 1}", "{: 1}", "{a.b: 1}",
                            "{1: 1}", "{[a]: 1}", "{€: 1}"})
    CHECK(is_refused(wrong));
}

TEST_CASE("json5: reads unicode in keys without quotes", "[json5]") {
  CHECK(value_of(R"({\u0061b: 1})").as_object().contains("ab"));
  CHECK(value_of(R"({a\u0062: 1})").as_object().contains("ab"));
  CHECK(value_of(R"({sig\u03A3ma: 1})").as_object().contains("sigΣma"));
  CHECK(value_of("{ùńîċõďë: 1}").as_object().contains("ùńîċõďë"));
  CHECK(value_of("{a\u200cb\u200d: 1}").as_object().size() == 1);
  CHECK(value_of("{𐊧: 1}").as_object().contains("𐊧"));
  CHECK(value_of("{a\u0301: 1}").as_object().size() == 1);
  CHECK(refused(R"({\u0039a: 1})") == "1:2 expected a key, found '9'");
  CHECK(refused(R"({a\u002d: 1})") == "1:3 expected a key, found '-'");
  for (const auto* wrong : {R"({\x61: 1})", R"({a\n: 1})", R"({\u00: 1})", R"({\uD800: 1})",
                            "{\u0301a: 1}", "{\u200ca: 1}"})
    CHECK(is_refused(wrong));
}

TEST_CASE("json5: reads objects and arrays with trailing commas", "[json5]") {
  CHECK(json::serialize(value_of("{a: [1, 2,], b: {},}")) == R"({"a":[1,2],"b":{}})");
  CHECK(json::serialize(value_of("[]")) == "[]");
  CHECK(json::serialize(value_of("[[],]")) == "[[]]");
  for (const auto* wrong : {"[,]", "{,}", "[1,,2]", "{a:1,,b:2}", "[1 2]", "{a:1 b:2}", "{a}",
                            "{a:}", "{a::1}", "[1", "{a:1", "{", "[", "]", "}", "[1}", "{a:1]"})
    CHECK(is_refused(wrong));
}

TEST_CASE("json5: reads comments of both kinds anywhere between tokens", "[json5]") {
  CHECK(json::serialize(value_of("// x\n/* y */{/**/a/***/:/* * / */1//z\n,}/*end*/ // end")) ==
        R"({"a":1})");
  CHECK(value_of("1//\xe2\x80\xa8//").as_int64() == 1);
  CHECK(value_of("/* // */ 1").as_int64() == 1);
  CHECK(value_of("//\r1").as_int64() == 1);
  CHECK(refused("1 /* open") == "1:3 this comment is never closed: expected */");
  for (const auto* wrong :
       {"/", "/ 1", "1 /", "/*/ 1", "/* /* */ */ 1", "# 1", "1 //\n 2", "tr/**/ue"})
    CHECK(is_refused(wrong));
}

TEST_CASE("json5: takes every kind of white space", "[json5]") {
  CHECK(value_of("\t\v\f \xc2\xa0\xef\xbb\xbf\n\r\xe2\x80\xa8\xe2\x80\xa9 1 ").as_int64() == 1);
  CHECK(value_of("\u1680\u2000\u2001\u200a\u202f\u205f\u3000 1").as_int64() == 1);
  CHECK(is_refused("\u180e1"));
  CHECK(is_refused("\u200b1"));
  CHECK(is_refused(std::string_view("\0 1", 3)));
  CHECK(is_refused(""));
  CHECK(is_refused(" \n "));
}

TEST_CASE("json5: expects nothing after the value", "[json5]") {
  CHECK(refused("{} {}") == "1:4 expected the end of the text after the value, found '{'");
  CHECK(is_refused("1,"));
  CHECK(is_refused("1 2"));
}

TEST_CASE("json5: refuses duplicate keys, however they are written", "[json5]") {
  CHECK(refused("{a: 1,\n 'a': 2}") == "2:2 duplicate key \"a\"; the first one is at 1:2");
  CHECK(refused(R"({ab: 1, \u0061b: 2})") == "1:9 duplicate key \"ab\"; the first one is at 1:2");
  CHECK_FALSE(is_refused("{a: {a: 1}, A: 2}"));
  // A key cannot forge a line of a log.
  CHECK(refused("{'a\\n': 1, 'a\\n': 2}") ==
        "1:12 duplicate key \"a\\u000a\"; the first one is at 1:2");
}

TEST_CASE("json5: nests as deep as the limit and no deeper", "[json5]") {
  CHECK_FALSE(is_refused(nested(depth_max)));
  CHECK(refused(nested(depth_max + 1)) == "1:65 nested deeper than 64 levels");
  CHECK(is_refused(std::string(1'000'000, '[')));
  CHECK(std::holds_alternative<syntax_error>(read(nested(2), {0, depth_max - 1})));
}

TEST_CASE("json5: takes texts up to the size limit", "[json5]") {
  std::string text(text_bytes_max, ' ');
  text.front() = '1';
  CHECK_FALSE(is_refused(text));
  CHECK(refused(text + " ") == "1:1 the text has 4194305 bytes; at most 4194304 are allowed");
}

TEST_CASE("json5: counts lines and columns in code points", "[json5]") {
  CHECK(refused("{\n  'ä😀': ?}").starts_with("2:9 "));
  CHECK(refused("\r\n\r\n?").starts_with("3:1 "));
  CHECK(refused("\r?").starts_with("2:1 "));
  CHECK(refused("[1,\n 2,\n }").starts_with("3:2 "));
  CHECK(refused("{a: 1").starts_with("1:1 this object is never closed"));
  CHECK(refused("[1, [2").starts_with("1:5 this array is never closed"));
}

TEST_CASE("json5: remembers where every key and value stands", "[json5]") {
  const auto read_back = accepted("// first\n{\n  a: [10,\n    {b: 'x'}],\n}");

  CHECK(read_back.where.value == position{2, 1});
  REQUIRE(read_back.where.children.size() == 1);
  const auto& array = read_back.where.children[0];
  CHECK(array.key == position{3, 3});
  CHECK(array.value == position{3, 6});
  REQUIRE(array.children.size() == 2);
  CHECK(array.children[0].value == position{3, 7});
  CHECK(array.children[1].children[0].key == position{4, 6});
  CHECK(array.children[1].children[0].value == position{4, 9});
}

TEST_CASE("json5: the sample of the specification reads as it says", "[json5]") {
  const auto value = value_of("{\n"
                              "  // comments\n"
                              "  unquoted: 'and you can quote me on that',\n"
                              "  singleQuotes: 'I can use \"double quotes\" here',\n"
                              "  lineBreaks: \"Look, Mom! \\\nNo \\\\n's!\",\n"
                              "  hexadecimal: 0xdecaf,\n"
                              "  leadingDecimalPoint: .8675309, andTrailing: 8675309.,\n"
                              "  positiveSign: +1,\n"
                              "  trailingComma: 'in objects', andIn: ['arrays',],\n"
                              "  \"backwardsCompatible\": \"with JSON\",\n"
                              "}\n");
  const auto expected = json::parse(
      R"({"unquoted":"and you can quote me on that","singleQuotes":"I can use \"double quotes\" here",
          "lineBreaks":"Look, Mom! No \\n's!","hexadecimal":912559,"leadingDecimalPoint":0.8675309,
          "andTrailing":8675309.0,"positiveSign":1,"trailingComma":"in objects","andIn":["arrays"],
          "backwardsCompatible":"with JSON"})");
  CHECK(value == expected);
}

} // namespace
} // namespace troupe::config::json5
