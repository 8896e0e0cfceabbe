// The JSON5 reader on any bytes: it never crashes, every refusal has a place inside the text, and
// what it accepts reads back equal once written as JSON.
#include "base/assert.hpp"
#include "config/json5/reader.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace {

namespace json = boost::json;
namespace json5 = troupe::config::json5;

/// JSON has no form for infinities and NaN, and writes a minus zero and whole doubles in ways that
/// may read back as integers: those compare as numbers.
bool is_same(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number())
    return a.to_number<double>() == b.to_number<double>();
  if (a.is_array() && b.is_array()) {
    const auto& left = a.get_array();
    const auto& right = b.get_array();
    bool same = left.size() == right.size();
    for (std::size_t i = 0; same && i < left.size(); ++i)
      same = is_same(left[i], right[i]);
    return same;
  }
  if (a.is_object() && b.is_object()) {
    const auto& left = a.get_object();
    const auto& right = b.get_object();
    bool same = left.size() == right.size();
    for (auto member = left.begin(); same && member != left.end(); ++member) {
      const auto found = right.find(member->key());
      same = found != right.end() && is_same(member->value(), found->value());
    }
    return same;
  }
  return a == b;
}

bool is_finite(const json::value& value) {
  if (const auto* number = value.if_double())
    return std::isfinite(*number);
  if (const auto* array = value.if_array()) {
    for (const auto& each : *array)
      if (!is_finite(each))
        return false;
  }
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object)
      if (!is_finite(member.value()))
        return false;
  }
  return true;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto outcome = json5::read(text);
  if (const auto* wrong = std::get_if<json5::syntax_error>(&outcome)) {
    TR_ASSERT(wrong->where.line >= 1 && wrong->where.line <= size + 1, "the line is in the text");
    TR_ASSERT(wrong->where.column >= 1 && wrong->where.column <= size + 1, "so is the column");
    TR_ASSERT(!wrong->message.empty(), "every refusal has a reason");
    return 0;
  }
  const auto& value = std::get<json5::document>(outcome).value;
  if (!is_finite(value))
    return 0;
  const auto again = json5::read(json::serialize(value));
  const auto* back = std::get_if<json5::document>(&again);
  TR_ASSERT(back != nullptr, "written JSON reads back");
  TR_ASSERT(is_same(back->value, value), "and is the same");
  return 0;
}
