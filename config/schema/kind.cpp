#include "config/schema/kind.hpp"

#include "config/known/known_keys.hpp"
#include "config/source/substitute.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace troupe::config {
namespace {

namespace json = boost::json;

constexpr std::size_t quoted_chars_max = 60;

bool fits(reading& r, const cursor& at, text_limits limits, const std::string& text) {
  if (text.size() >= limits.chars_min && text.size() <= limits.chars_max)
    return true;
  r.fail(at, limits.chars_min > 0 && text.empty()
                 ? std::string("expected some text, found an empty string")
                 : fmt::format("expected {} to {} bytes of text, found {}", limits.chars_min,
                               limits.chars_max, text.size()));
  return false;
}

json::object text_schema(text_limits limits) {
  json::object out{{"type", "string"}};
  if (limits.chars_min > 0)
    out.emplace("minLength", limits.chars_min);
  return out;
}

std::optional<std::int64_t> as_whole(const json::value& value) {
  constexpr double exact_max = 9'007'199'254'740'992.0;
  if (const auto* integer = value.if_int64())
    return *integer;
  const auto* real = value.if_double();
  if (real && std::abs(*real) <= exact_max && std::trunc(*real) == *real)
    return static_cast<std::int64_t>(*real);
  return std::nullopt;
}

} // namespace

std::string found(const json::value& value) {
  switch (value.kind()) {
  case json::kind::null:
    return "null";
  case json::kind::bool_:
    return value.get_bool() ? "true" : "false";
  case json::kind::int64:
    return fmt::format("{}", value.get_int64());
  case json::kind::uint64:
    return fmt::format("{}", value.get_uint64());
  case json::kind::double_:
    return fmt::format("{}", value.get_double());
  case json::kind::string:
    return "a string"; // Never its text: it may be a secret in the wrong place.
  case json::kind::array:
    return "an array";
  case json::kind::object:
    return "an object";
  }
  return "something else";
}

bool read_text(reading& r, const cursor& at, text_limits limits, std::string& out) {
  const auto* text = at.value->if_string();
  if (!text) {
    r.fail(at, "expected a string, found " + found(*at.value));
    return false;
  }
  auto replaced = substitute(*text, r.variables());
  if (!replaced.missing.empty()) {
    r.fail(at, fmt::format("needs the variable {}, which is not set", replaced.missing.front()));
    return false;
  }
  out = std::move(replaced.text);
  return fits(r, at, limits, out);
}

kind<std::string> text(text_limits limits) {
  return {
      [limits](reading& r, const cursor& at, std::string& out) { read_text(r, at, limits, out); },
      [](const std::string& value) { return value.empty() ? json::value() : json::value(value); },
      [limits] { return text_schema(limits); }};
}

kind<std::string> label(text_limits limits) {
  auto out = text(limits);
  out.read = [limits](reading& r, const cursor& at, std::string& value) {
    const auto* raw = at.value->if_string();
    if (!raw)
      return r.fail(at, "expected a string, found " + found(*at.value));
    auto replaced = substitute(*raw, r.variables());
    for (const auto& name : replaced.missing)
      r.warn(at, fmt::format("the variable {} is not set; its name stays in the text", name));
    value = std::move(replaced.text);
    fits(r, at, limits, value);
  };
  return out;
}

kind<bool> boolean() {
  return {[](reading& r, const cursor& at, bool& out) {
            if (const auto* value = at.value->if_bool())
              out = *value;
            else
              r.fail(at, "expected true or false, found " + found(*at.value));
          },
          [](const bool& value) { return json::value(value); },
          [] {
            return json::object{{"type", "boolean"}};
          }};
}

bool read_whole(reading& r, const cursor& at, std::int64_t min, std::int64_t max,
                std::int64_t& out) {
  const auto value = as_whole(*at.value);
  if (!value || *value < min || *value > max) {
    r.fail(at,
           fmt::format("expected an integer from {} to {}, found {}", min, max, found(*at.value)));
    return false;
  }
  out = *value;
  return true;
}

json::object whole_schema(std::int64_t min, std::int64_t max) {
  return {{"type", "integer"}, {"minimum", min}, {"maximum", max}};
}

kind<double> number(double min) {
  return {[min](reading& r, const cursor& at, double& out) {
            std::error_code failed;
            const auto value =
                at.value->is_number() ? at.value->to_number<double>(failed) : std::nan("");
            if (!std::isfinite(value) || value < min)
              return r.fail(at, fmt::format("expected a number of at least {}, found {}", min,
                                            found(*at.value)));
            out = value;
          },
          [](const double& value) { return json::value(value); },
          [min] {
            return json::object{{"type", "number"}, {"minimum", min}};
          }};
}

json::object choice_schema(const std::vector<std::string>& names) {
  json::array values(names.begin(), names.end());
  return {{"enum", std::move(values)}};
}

void fail_choice(reading& r, const cursor& at, const std::string& text,
                 const std::vector<std::string>& names, const std::vector<std::string>& later) {
  const auto expected = fmt::format("expected one of \"{}\"", fmt::join(names, "\", \""));
  if (std::ranges::find(later, text) != later.end())
    return r.fail(at, fmt::format("\"{}\" is not built yet; {}", text, expected));
  const auto close = nearest(text, names);
  r.fail(at, fmt::format("{}, found \"{}\"{}", expected, text.substr(0, quoted_chars_max),
                         close.empty() ? "" : fmt::format("; did you mean \"{}\"?", close)));
}

kind<std::string> word(std::vector<std::string> names, std::vector<std::string> later) {
  return {[names, later](reading& r, const cursor& at, std::string& out) {
            std::string value;
            if (!read_text(r, at, {}, value))
              return;
            if (std::ranges::find(names, value) == names.end())
              return fail_choice(r, at, value, names, later);
            out = std::move(value);
          },
          [](const std::string& value) { return json::value(value); },
          [names] { return choice_schema(names); }};
}

} // namespace troupe::config
