#include "config/edit/edit.hpp"

#include "config/json5/reader.hpp"
#include "config/path.hpp"
#include "config/reload.hpp"
#include "config/schema/cursor.hpp"
#include "config/schema/secret_kind.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe::config {
namespace {

namespace json = boost::json;

constexpr std::string_view include_key = "$include";

void new_line(std::string& out, std::size_t depth) {
  out += '\n';
  out.append(depth * 2, ' ');
}

void lay_out(std::string& out, const json::value& value, std::size_t depth) {
  const auto* object = value.if_object();
  const auto* array = value.if_array();
  bool first = true;
  if (object && !object->empty()) {
    out += '{';
    for (const auto& [name, member] : *object) {
      if (!std::exchange(first, false))
        out += ',';
      new_line(out, depth + 1);
      out += json::serialize(json::value(json::string(name)));
      out += ": ";
      lay_out(out, member, depth + 1);
    }
    new_line(out, depth);
    out += '}';
  } else if (array && !array->empty()) {
    out += '[';
    for (const auto& item : *array) {
      if (!std::exchange(first, false))
        out += ',';
      new_line(out, depth + 1);
      lay_out(out, item, depth + 1);
    }
    new_line(out, depth);
    out += ']';
  } else {
    out += json::serialize(value);
  }
}

const json::string* id_of(const json::value& value) {
  const auto* object = value.if_object();
  const auto* id = object ? object->if_contains("id") : nullptr;
  return id ? id->if_string() : nullptr;
}

bool all_have_ids(const json::array& array) {
  return !array.empty() &&
         std::ranges::all_of(array, [](const auto& item) { return id_of(item) != nullptr; });
}

json::value* with_id(json::array& array, const json::string& id) {
  for (auto& item : array)
    if (const auto* own = id_of(item); own && *own == id)
      return &item;
  return nullptr;
}

/// RFC 7396, with OpenClaw's rules for arrays; stops at the first thing it refuses.
class merger {
public:
  explicit merger(const std::vector<std::string>& replace_paths) : replace_paths_(replace_paths) {}

  bool merge(json::value& into, const json::value& patch, const std::string& path) {
    if (const auto* members = patch.if_object()) {
      if (!into.is_object())
        into = json::object();
      return merge_members(into.get_object(), *members, path);
    }
    if (patch.is_array() && into.is_array())
      return merge_arrays(into.get_array(), patch.get_array(), path);
    into = patch;
    return true;
  }

  finding refused;

private:
  bool merge_members(json::object& into, const json::object& patch, const std::string& path) {
    for (const auto& [key, value] : patch)
      if (value.is_null())
        into.erase(key);
      else if (!merge(into.emplace(key, nullptr).first->value(), value, member_path(path, key)))
        return false;
    return true;
  }

  bool merge_arrays(json::array& into, const json::array& patch, const std::string& path) {
    if (std::ranges::find(replace_paths_, path) != replace_paths_.end()) {
      into = patch;
      return true;
    }
    if (all_have_ids(into) && all_have_ids(patch))
      return merge_by_id(into, patch, path);
    const bool loses = std::ranges::any_of(
        into, [&](const auto& item) { return std::ranges::find(patch, item) == patch.end(); });
    if (loses) {
      refused = {
          path, 0, 0, "would lose entries; name it in replacePaths to replace the array", {}};
      return false;
    }
    into = patch;
    return true;
  }

  bool merge_by_id(json::array& into, const json::array& patch, const std::string& path) {
    for (const auto& item : patch) {
      auto* present = with_id(into, *id_of(item));
      if (!present)
        into.push_back(item);
      else if (!merge(*present, item,
                      element_path(path, static_cast<std::size_t>(present - into.data()))))
        return false;
    }
    return true;
  }

  const std::vector<std::string>& replace_paths_;
};

/// What stands at the same place in the config that is there: of array elements, the one with the
/// same id, else at the same position.
const json::value* twin_of(const json::array* stored, const json::value& item, std::size_t index) {
  if (!stored)
    return nullptr;
  if (const auto* id = id_of(item))
    for (const auto& candidate : *stored)
      if (const auto* own = id_of(candidate); own && *own == *id)
        return &candidate;
  return index < stored->size() ? &(*stored)[index] : nullptr;
}

/// Puts what is stored in the place of each placeholder; false at one that stands for nothing.
bool restore(json::value& value, const json::value* stored, const std::string& path,
             finding& refused) {
  if (auto* object = value.if_object()) {
    const auto* other = stored ? stored->if_object() : nullptr;
    return std::ranges::all_of(*object, [&](auto& member) {
      return restore(member.value(), other ? other->if_contains(member.key()) : nullptr,
                     member_path(path, member.key()), refused);
    });
  }
  if (auto* array = value.if_array()) {
    const auto* other = stored ? stored->if_array() : nullptr;
    for (std::size_t i = 0; i < array->size(); ++i)
      if (!restore((*array)[i], twin_of(other, (*array)[i], i), element_path(path, i), refused))
        return false;
    return true;
  }
  const auto* text = value.if_string();
  if (!text || std::string_view(*text).find(redacted_text) == std::string_view::npos)
    return true;
  const bool whole = *text == redacted_text;
  if (stored && (whole ? !stored->is_structured() : redacted(*stored) == value)) {
    value = *stored;
    return true;
  }
  refused = {path, 0, 0, "is the placeholder of a hidden value, but there is none here", {}};
  return false;
}

bool holds_include(const json::value& value) {
  if (const auto* object = value.if_object())
    return object->contains(include_key) || std::ranges::any_of(*object, [](const auto& member) {
             return holds_include(member.value());
           });
  const auto* array = value.if_array();
  return array && std::ranges::any_of(*array, holds_include);
}

/// An object on the way to `path` includes files, or something at its end does.
bool meets_include(const json::value& root, const std::vector<std::string>& steps) {
  const auto* at = &root;
  for (const auto& step : steps) {
    if (step == include_key)
      return true;
    if (const auto* object = at->if_object(); object && object->contains(include_key))
      return true;
    at = child_of(*at, step);
    if (!at)
      return false;
  }
  return holds_include(*at);
}

} // namespace

std::string render(const json::value& value) {
  std::string out;
  lay_out(out, value, 0);
  return out + "\n";
}

std::variant<json::value, finding> apply_edit(const json::value& source, const edit& what) {
  auto parsed = json5::read(what.raw);
  if (const auto* wrong = std::get_if<json5::syntax_error>(&parsed))
    return finding{"", wrong->where.line, wrong->where.column, wrong->message, {}};
  auto given = std::move(std::get<json5::document>(parsed).value);
  if (!given.is_object())
    return finding{"", 1, 1, "expected an object", {}};
  json::value next = std::move(given);
  if (what.how == edit::kind::merge) {
    merger merging(what.replace_paths);
    auto merged = source;
    if (!merging.merge(merged, next, ""))
      return merging.refused;
    next = std::move(merged);
  }
  finding refused;
  if (!restore(next, &source, "", refused))
    return refused;
  return next;
}

std::string include_objection(const json::value& before, const json::value& after) {
  for (const auto& path : changed_paths(before, after)) {
    const auto steps = path_steps(path);
    if (!steps || meets_include(before, *steps) || meets_include(after, *steps))
      return fmt::format(
          "{} comes from or through $include, so it is not clear which file owns it; "
          "change the included file itself",
          path.empty() ? "the config" : path);
  }
  return {};
}

} // namespace troupe::config
