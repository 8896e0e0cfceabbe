#include "config/schema/reading.hpp"

#include "config/known/known_keys.hpp"
#include "config/path.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace troupe::config {
namespace {

/// Longer lists of alternatives say less than the nearest one alone.
constexpr std::size_t alternatives_max = 12;

void add(std::vector<finding>& list, finding what) {
  if (list.size() < findings_max)
    list.push_back(std::move(what));
}

} // namespace

reading::reading(environment& variables, std::vector<std::string> files,
                 std::vector<std::string> accept_unenforced)
    : variables_(variables), files_(std::move(files)) {
  for (auto& path : accept_unenforced)
    accepted_.push_back({std::move(path), false});
}

finding reading::make(const cursor& at, const json5::position& place, std::string message) const {
  const bool known_file = at.where && at.where->file < files_.size();
  return {at.path, place.line, place.column, std::move(message),
          known_file ? files_[at.where->file] : std::string()};
}

void reading::fail(const cursor& at, std::string message) {
  add(errors, make(at, at.where ? at.where->value : json5::position{}, std::move(message)));
}

void reading::fail_key(const cursor& at, std::string message) {
  add(errors, make(at, at.where ? at.where->key : json5::position{}, std::move(message)));
}

void reading::warn(const cursor& at, std::string message) {
  add(warnings, make(at, at.where ? at.where->value : json5::position{}, std::move(message)));
}

void reading::fail_setting(std::string path, std::string message) {
  add(errors, {std::move(path), 0, 0, std::move(message), {}});
}

bool reading::is_accepted(const std::string& path) {
  bool accepted = false;
  for (auto& candidate : accepted_)
    if (lies_within(path, candidate.path))
      accepted = candidate.used = true;
  return accepted;
}

void reading::finish() {
  for (const auto& candidate : accepted_)
    if (!candidate.used)
      add(warnings, {candidate.path,
                     0,
                     0,
                     "--accept-unenforced names a key that is not in the config, or that needs no "
                     "such acceptance",
                     {}});
}

void reading::not_declared(const cursor& at, std::string_view key,
                           std::vector<std::string> siblings) {
  if (inspect(at, key, siblings, false))
    no_effect.push_back(at.path);
}

void reading::unknown(const cursor& at, std::string_view key, std::vector<std::string> siblings) {
  for (const auto& pattern : at.patterns) {
    const auto dot = pattern.rfind('.');
    for (const auto name : known_children(dot == std::string::npos ? "" : pattern.substr(0, dot)))
      if (name != "*" && name != "[]")
        siblings.emplace_back(name);
  }
  std::ranges::sort(siblings);
  siblings.erase(std::unique(siblings.begin(), siblings.end()), siblings.end());
  auto message = std::string("unknown key");
  if (const auto close = nearest(key, siblings); !close.empty())
    message += fmt::format("; did you mean \"{}\"?", close);
  else if (!siblings.empty() && siblings.size() <= alternatives_max)
    message += fmt::format("; expected one of: {}", fmt::join(siblings, ", "));
  fail_key(at, std::move(message));
}

/// Looks at a key that has no declaration. True when it and all below it are known and restrict
/// nothing; whatever else is the case has been noted. `covered`: an acceptance or an error already
/// speaks for this part of the tree.
bool reading::inspect(const cursor& at, std::string_view key,
                      const std::vector<std::string>& siblings, bool covered) {
  cursor known = at;
  known.patterns.clear();
  bool restricts = false;
  bool type_fits = false;
  std::string types;
  for (const auto& pattern : at.patterns) {
    const auto row = find_known_key(pattern);
    if (!row)
      continue;
    known.patterns.push_back(pattern);
    restricts = restricts || row->restricts;
    type_fits = type_fits || type_accepts(row->type, *at.value);
    types += (types.empty() ? "" : " or ") + std::string(row->type);
  }
  if (known.patterns.empty()) {
    unknown(at, key, siblings);
    return false;
  }
  if (!type_fits) {
    fail(at, fmt::format("expected {}", types));
    return false;
  }
  if (restricts && !covered) {
    covered = true;
    if (is_accepted(at.path))
      unenforced.push_back(at.path);
    else
      fail_key(at,
               fmt::format("limits who may do what and is not enforced by this version, so the "
                           "gateway does not start with it; remove it, or accept that it has no "
                           "effect: --accept-unenforced '{}'",
                           at.path));
  }
  return inspect_children(known, covered) && !covered;
}

bool reading::inspect_children(const cursor& at, bool covered) {
  const bool anything = std::ranges::all_of(
      at.patterns, [](const auto& pattern) { return known_children(pattern).empty(); });
  if (anything || !at.value->is_structured())
    return true;
  std::vector<std::string> harmless;
  bool all = true;
  const auto look = [&](const cursor& child, std::string_view key) {
    if (inspect(child, key, {}, covered))
      harmless.push_back(child.path);
    else
      all = false;
  };
  if (const auto* object = at.value->if_object()) {
    std::size_t index = 0;
    for (const auto& member : *object)
      look(at.member(member.key(), index++), member.key());
  } else {
    for (std::size_t i = 0; i < at.value->get_array().size(); ++i)
      look(at.element(i), "[]");
  }
  // Only the topmost harmless key is listed.
  if (!all)
    no_effect.insert(no_effect.end(), harmless.begin(), harmless.end());
  return all;
}

} // namespace troupe::config
