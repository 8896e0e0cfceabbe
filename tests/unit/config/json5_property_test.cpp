#include "config/json5/reader.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <algorithm>

namespace troupe::config::json5 {
namespace {

namespace json = boost::json;

std::string ascii_text(int length) {
  std::string out;
  for (int i = 0; i < length; ++i)
    out += static_cast<char>(*rc::gen::inRange(1, 128));
  return out;
}

json::value any_value(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 7 : 5)) {
  case 0:
    return nullptr;
  case 1:
    return *rc::gen::arbitrary<bool>();
  case 2:
    return *rc::gen::arbitrary<std::int64_t>();
  case 3:
    // A number that reads back as a double: never a whole one.
    return static_cast<double>(*rc::gen::inRange(-100'000, 100'000)) + 0.5;
  case 4:
    return json::string(ascii_text(*rc::gen::inRange(0, 12)));
  case 5: {
    json::array out;
    for (int i = *rc::gen::inRange(0, 5); i > 0; --i)
      out.push_back(any_value(depth - 1));
    return out;
  }
  default: {
    json::object out;
    for (int i = *rc::gen::inRange(0, 5); i > 0; --i)
      out.emplace(ascii_text(*rc::gen::inRange(0, 6)), any_value(depth - 1));
    return out;
  }
  }
}

void check_places(const json::value& value, const places& where, const position& after) {
  RC_ASSERT(where.value.line > after.line ||
            (where.value.line == after.line && where.value.column >= after.column));
  if (const auto* object = value.if_object()) {
    RC_ASSERT(object->size() == where.children.size());
    for (std::size_t i = 0; i < object->size(); ++i)
      check_places((object->begin() + static_cast<std::ptrdiff_t>(i))->value(), where.children[i],
                   where.value);
  } else if (const auto* array = value.if_array()) {
    RC_ASSERT(array->size() == where.children.size());
    for (std::size_t i = 0; i < array->size(); ++i)
      check_places((*array)[i], where.children[i], where.value);
  } else {
    RC_ASSERT(where.children.empty());
  }
}

TEST_CASE("json5: what JSON writes, JSON5 reads", "[json5][property]") {
  CHECK(rc::check("serialised JSON reads back equal, with a place for every value", [] {
    const auto value = any_value(4);
    const auto outcome = read(json::serialize(value));
    const auto* back = std::get_if<document>(&outcome);
    RC_ASSERT(back != nullptr);
    RC_ASSERT(back->value == value);
    check_places(back->value, back->where, {1, 1});
  }));
}

TEST_CASE("json5: no text harms the reader", "[json5][property]") {
  CHECK(rc::check("a damaged text is accepted or refused with a place inside it", [] {
    auto text = json::serialize(any_value(3));
    for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
      const auto at = *rc::gen::inRange<std::size_t>(0, text.size() + 1);
      text.insert(at, 1, *rc::gen::arbitrary<char>());
      text.erase(*rc::gen::inRange<std::size_t>(0, text.size()), 1);
    }
    const auto outcome = read(text);
    if (const auto* wrong = std::get_if<syntax_error>(&outcome)) {
      RC_ASSERT(wrong->where.line >= 1u);
      RC_ASSERT(wrong->where.line <=
                1u + std::ranges::count(text, '\n') + std::ranges::count(text, '\r'));
      RC_ASSERT(wrong->where.column >= 1u);
      RC_ASSERT(wrong->where.column <= text.size() + 1);
      RC_ASSERT(!wrong->message.empty());
    }
  }));
}

} // namespace
} // namespace troupe::config::json5
