#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>
#include <utility>

/// What the readers of streamed JSON events share: forward-only walks with simdjson. Included by
/// sources only; simdjson is a large header.
namespace troupe::model {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;

/// Calls `read(key, value)` for each member that is not null.
template <class Read>
error_code each_member(ondemand::object object, Read&& read) {
  for (auto member : object) {
    std::string_view key;
    if (const auto failed = member.unescaped_key().get(key))
      return failed;
    ondemand::value value;
    if (const auto failed = member.value().get(value))
      return failed;
    bool null = false;
    if (const auto failed = value.is_null().get(null))
      return failed;
    if (null)
      continue;
    if (const auto failed = read(key, value))
      return failed;
  }
  return simdjson::SUCCESS;
}

template <class Read>
error_code each_member(ondemand::value& value, Read&& read) {
  ondemand::object object;
  if (const auto failed = value.get_object().get(object))
    return failed;
  return each_member(object, std::forward<Read>(read));
}

template <class Read>
error_code each_element(ondemand::value& value, Read&& read) {
  ondemand::array array;
  if (const auto failed = value.get_array().get(array))
    return failed;
  for (auto element : array) {
    ondemand::value item;
    if (const auto failed = std::move(element).get(item))
      return failed;
    if (const auto failed = read(item))
      return failed;
  }
  return simdjson::SUCCESS;
}

/// An object as it was written.
inline error_code read_raw_object(ondemand::value& value, std::string_view& out) {
  ondemand::object object;
  if (const auto failed = value.get_object().get(object))
    return failed;
  return object.raw_json().get(out);
}

/// Reads the one object that `json` is, by `read(object)`. False: it is something else, or `read`
/// failed. What `read` kept of texts holds until the next call on this thread; `json` is grown by
/// what simdjson may read beyond it.
template <class Read>
bool read_json_object(std::string& json, Read&& read) {
  // Kept per thread, so that a call needs no parser memory of its own; larger events bring theirs.
  constexpr std::size_t kept_parser_bytes_max = 64u << 10;
  thread_local ondemand::parser kept;
  thread_local ondemand::parser large;
  json.reserve(json.size() + simdjson::SIMDJSON_PADDING);
  const bool fits = json.size() <= kept_parser_bytes_max;
  if (!fits)
    large = ondemand::parser{};
  ondemand::document document;
  ondemand::object top;
  if ((fits ? kept : large).iterate(json.data(), json.size(), json.capacity()).get(document) ||
      document.get_object().get(top) || read(top))
    return false;
  // Only behind the last byte there is no location.
  return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

} // namespace troupe::model
