#include "config/schema/cursor.hpp"

#include "config/json5/unicode.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace troupe::config {
namespace {

constexpr std::size_t plain_key_bytes_max = 200;

bool is_plain(std::string_view key) {
  return !key.empty() && key.size() <= plain_key_bytes_max && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '$';
  });
}

} // namespace

std::string member_path(std::string_view parent, std::string_view key) {
  if (!is_plain(key))
    return fmt::format("{}[\"{}\"]", parent, json5::printable(key));
  return parent.empty() ? std::string(key) : fmt::format("{}.{}", parent, key);
}

std::string element_path(std::string_view parent, std::size_t index) {
  return fmt::format("{}[{}]", parent, index);
}

cursor cursor::member(std::string_view key, std::size_t index) const {
  cursor out{&(value->get_object().begin() + static_cast<std::ptrdiff_t>(index))->value(),
             &where->children[index],
             member_path(path, key),
             {}};
  for (const auto& pattern : patterns) {
    const auto prefix = pattern.empty() ? std::string() : pattern + ".";
    // A key with a dot in it must not pass for a path.
    if (is_plain(key))
      out.patterns.push_back(prefix + std::string(key));
    out.patterns.push_back(prefix + "*");
  }
  return out;
}

cursor cursor::element(std::size_t index) const {
  cursor out{&value->get_array()[index], &where->children[index], element_path(path, index), {}};
  for (const auto& pattern : patterns)
    out.patterns.push_back(pattern + "[]");
  return out;
}

cursor cursor::find(std::string_view key) const {
  const auto* object = value ? value->if_object() : nullptr;
  const auto found = object ? object->find(key) : nullptr;
  if (!object || found == object->end())
    return {nullptr, nullptr, member_path(path, key), {}};
  return member(key, static_cast<std::size_t>(found - object->begin()));
}

} // namespace troupe::config
