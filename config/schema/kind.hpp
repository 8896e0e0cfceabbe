#pragma once

#include "config/schema/reading.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The vocabulary of the declarations in `config/sections/`. A `kind<V>` says everything about one
/// sort of value: how it is read and checked, how its effective value is shown, and its JSON
/// Schema. A `field<T>` gives a kind a name and a place in the struct `T`; the default is what the
/// struct's own initialiser says. Built when a config is loaded, never kept.
namespace troupe::config {

template <class V>
struct kind {
  /// Called for a value that is there. Notes every failure in `reading`; then `out` is worthless.
  std::function<void(reading&, const cursor&, V& out)> read;
  /// The effective value with secrets replaced; null: not set.
  std::function<boost::json::value(const V&)> show;
  std::function<boost::json::object()> schema;
};

template <class T>
struct field {
  std::string_view name;
  std::string_view description;
  bool required = false;
  std::function<void(reading&, const cursor&, T&)> read;
  std::function<boost::json::value(const T&)> show;
  std::function<boost::json::object()> schema;
};

/// The accessor of a member, for constant and changeable structs: `TR_MEMBER(auth.mode)`.
#define TR_MEMBER(path)                                                                            \
  [](auto& whole) -> auto& {                                                                       \
    return whole.path; /* NOLINT(bugprone-macro-parentheses): a member's name. */                  \
  }

template <class T, class V, class Get>
field<T> key(std::string_view name, Get get, kind<V> of, std::string_view description) {
  return {name,
          description,
          false,
          [get, read = of.read](reading& r, const cursor& at, T& out) { read(r, at, get(out)); },
          [get, show = of.show](const T& from) { return show(get(from)); },
          std::move(of.schema)};
}

template <class T>
field<T> required(field<T> what) {
  what.required = true;
  return what;
}

/// "an object", "the string \"lan\"": what was found, for messages; long text is cut.
std::string found(const boost::json::value& value);

struct text_limits {
  std::size_t chars_min = 0;
  std::size_t chars_max = 65'536;
};

/// A string after substitution. One with a variable that is not set fails: nothing that decides
/// where or how the gateway works may run on the name of a variable.
kind<std::string> text(text_limits limits = {});
/// A string that is only shown to people: a missing variable stays visible and is warned about.
kind<std::string> label(text_limits limits = {});
kind<bool> boolean();

/// Substitutes and checks the length; false after a failure was noted.
bool read_text(reading& r, const cursor& at, text_limits limits, std::string& out);

/// An integer between two bounds; doubles without a fraction count.
bool read_whole(reading& r, const cursor& at, std::int64_t min, std::int64_t max,
                std::int64_t& out);
boost::json::object whole_schema(std::int64_t min, std::int64_t max);

template <class V>
kind<V> whole(std::int64_t min, std::int64_t max) {
  return {[min, max](reading& r, const cursor& at, V& out) {
            std::int64_t value = 0;
            if (read_whole(r, at, min, max, value))
              out = static_cast<V>(value);
          },
          [](const V& value) { return boost::json::value(static_cast<std::int64_t>(value)); },
          [min, max] { return whole_schema(min, max); }};
}

/// A finite number of at least `min`.
kind<double> number(double min);

template <class E>
struct option {
  std::string_view name;
  E value;
};

boost::json::object choice_schema(const std::vector<std::string>& names);
/// Notes that `at` holds none of `names`; those of `later` exist in OpenClaw but are not built.
void fail_choice(reading& r, const cursor& at, const std::string& text,
                 const std::vector<std::string>& names, const std::vector<std::string>& later);

/// One of some words.
template <class E>
kind<E> choice(std::vector<option<E>> options, std::vector<std::string> later = {}) {
  std::vector<std::string> names;
  for (const auto& each : options)
    names.emplace_back(each.name);
  return {[options, names, later](reading& r, const cursor& at, E& out) {
            std::string word;
            if (!read_text(r, at, {}, word))
              return;
            for (const auto& each : options)
              if (each.name == word) {
                out = each.value;
                return;
              }
            fail_choice(r, at, word, names, later);
          },
          [options](const E& value) -> boost::json::value {
            for (const auto& each : options)
              if (each.value == value)
                return boost::json::value(each.name);
            return nullptr;
          },
          [names] { return choice_schema(names); }};
}

/// One of some words, kept as text.
kind<std::string> word(std::vector<std::string> names, std::vector<std::string> later = {});

template <class V>
kind<std::optional<V>> maybe(kind<V> of) {
  return {[read = of.read](reading& r, const cursor& at, std::optional<V>& out) {
            read(r, at, out.emplace());
          },
          [show = of.show](const std::optional<V>& value) -> boost::json::value {
            return value ? show(*value) : nullptr;
          },
          std::move(of.schema)};
}

/// Lists and maps hold at most this many.
inline constexpr std::size_t entries_max = 10'000;

template <class V>
kind<std::vector<V>> list_of(kind<V> of) {
  return {[read = of.read](reading& r, const cursor& at, std::vector<V>& out) {
            const auto* array = at.value->if_array();
            if (!array || array->size() > entries_max)
              return r.fail(at, "expected an array, found " + found(*at.value));
            out.clear();
            for (std::size_t i = 0; i < array->size(); ++i)
              read(r, at.element(i), out.emplace_back());
          },
          [show = of.show](const std::vector<V>& values) -> boost::json::value {
            boost::json::array out;
            for (const auto& each : values)
              out.push_back(show(each));
            return out;
          },
          [schema = of.schema] {
            return boost::json::object{{"type", "array"}, {"items", schema()}};
          }};
}

template <class V>
kind<std::map<std::string, V>> map_of(kind<V> of) {
  return {[read = of.read](reading& r, const cursor& at, std::map<std::string, V>& out) {
            const auto* object = at.value->if_object();
            if (!object || object->size() > entries_max)
              return r.fail(at, "expected an object, found " + found(*at.value));
            std::size_t index = 0;
            for (const auto& member : *object)
              read(r, at.member(member.key(), index++), out[std::string(member.key())]);
          },
          [show = of.show](const std::map<std::string, V>& values) -> boost::json::value {
            boost::json::object out;
            for (const auto& [name, value] : values)
              out.emplace(name, show(value));
            return out;
          },
          [schema = of.schema] {
            return boost::json::object{{"type", "object"}, {"additionalProperties", schema()}};
          }};
}

/// An object with the given keys. Keys without a declaration are judged by the table of known keys.
template <class T>
kind<T> object(std::vector<field<T>> declared) {
  const auto fields = std::make_shared<const std::vector<field<T>>>(std::move(declared));
  return {[fields](reading& r, const cursor& at, T& out) {
            const auto* members = at.value->if_object();
            if (!members)
              return r.fail(at, "expected an object, found " + found(*at.value));
            std::vector<std::string> names;
            for (const auto& each : *fields) {
              names.emplace_back(each.name);
              if (const auto member = at.find(each.name); member.value)
                each.read(r, member, out);
              else if (each.required)
                r.fail(at, "needs the key \"" + std::string(each.name) + "\"");
            }
            std::size_t index = 0;
            for (const auto& member : *members) {
              const auto child = at.member(member.key(), index++);
              if (std::find(names.begin(), names.end(), member.key()) == names.end())
                r.not_declared(child, member.key(), names);
            }
          },
          [fields](const T& from) -> boost::json::value {
            boost::json::object out;
            for (const auto& each : *fields)
              if (auto shown = each.show(from); !shown.is_null())
                out.emplace(each.name, std::move(shown));
            return out;
          },
          [fields] {
            boost::json::object properties;
            boost::json::array needed;
            for (const auto& each : *fields) {
              auto property = each.schema();
              if (!each.description.empty())
                property.emplace("description", each.description);
              // Objects carry the defaults of their members, not one of their own.
              if (auto standard = each.show(T{}); !standard.is_null() && !standard.is_structured())
                property.emplace("default", std::move(standard));
              properties.emplace(each.name, std::move(property));
              if (each.required)
                needed.emplace_back(each.name);
            }
            boost::json::object out{{"type", "object"}, {"properties", std::move(properties)}};
            if (!needed.empty())
              out.emplace("required", std::move(needed));
            return out;
          }};
}

/// Keys that lie deeper in the config than in the struct.
template <class T>
field<T> group(std::string_view name, std::vector<field<T>> fields, std::string_view description) {
  return key<T>(
      name, [](auto& whole) -> auto& { return whole; }, object<T>(std::move(fields)), description);
}

} // namespace troupe::config
