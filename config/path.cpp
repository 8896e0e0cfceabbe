#include "config/path.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <charconv>

namespace troupe::config {
namespace {

namespace json = boost::json;

std::optional<std::size_t> as_index(const std::string& step) {
  std::size_t index = 0;
  const auto* end = step.data() + step.size();
  const auto parsed = std::from_chars(step.data(), end, index);
  if (parsed.ec != std::errc{} || parsed.ptr != end)
    return std::nullopt;
  return index;
}

const json::value* find_from(const json::value& from, const std::vector<std::string>& steps,
                             std::size_t first) {
  if (first == steps.size())
    return &from;
  std::string joined;
  for (std::size_t next = first; next < steps.size(); ++next) {
    joined += (next == first ? "" : ".") + steps[next];
    const auto* child = child_of(from, joined);
    if (const auto* found = child ? find_from(*child, steps, next + 1) : nullptr)
      return found;
  }
  return nullptr;
}

json::value* changeable_child(json::value& value, const std::string& step) {
  return const_cast<json::value*>(child_of(value, step)); // It came changeable.
}

} // namespace

std::optional<std::vector<std::string>> path_steps(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    std::size_t end = 0;
    if (out.size() == path_steps_max)
      return std::nullopt;
    if (path.starts_with("[\"")) {
      end = path.find("\"]");
      if (end == std::string_view::npos)
        return std::nullopt;
      out.emplace_back(path.substr(2, end - 2));
      end += 2;
    } else if (path.starts_with('[')) {
      end = path.find(']');
      if (end == std::string_view::npos)
        return std::nullopt;
      out.emplace_back(path.substr(1, end - 1));
      ++end;
    } else {
      end = std::min(path.find_first_of(".["), path.size());
      if (end == 0)
        return std::nullopt;
      out.emplace_back(path.substr(0, end));
    }
    path.remove_prefix(end);
    if (path.starts_with('.')) {
      path.remove_prefix(1);
      if (path.empty())
        return std::nullopt;
    }
  }
  return out;
}

const json::value* child_of(const json::value& value, const std::string& step) {
  if (const auto* object = value.if_object()) {
    const auto found = object->find(step);
    return found == object->end() ? nullptr : &found->value();
  }
  const auto* array = value.if_array();
  const auto index = array ? as_index(step) : std::nullopt;
  return index && *index < array->size() ? &(*array)[*index] : nullptr;
}

const json::value* find_path(const json::value& from, const std::vector<std::string>& steps) {
  return find_from(from, steps, 0);
}

bool lies_within(std::string_view path, std::string_view root) {
  return path.starts_with(root) &&
         (path.size() == root.size() || path[root.size()] == '.' || path[root.size()] == '[');
}

bool assign_path(json::value& root, const std::vector<std::string>& steps, json::value value) {
  auto* at = &root;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    auto* child = changeable_child(*at, steps[i]);
    if (auto* object = at->if_object(); object && !child)
      child = &object->emplace(steps[i], json::object()).first->value();
    if (auto* array = at->if_array(); array && !child && as_index(steps[i]) == array->size())
      child = &array->emplace_back(json::object());
    if (!child)
      return false;
    at = child;
  }
  *at = std::move(value);
  return true;
}

bool erase_path(json::value& root, const std::vector<std::string>& steps) {
  if (steps.empty())
    return false;
  auto* at = &root;
  for (std::size_t i = 0; i + 1 < steps.size() && at; ++i)
    at = changeable_child(*at, steps[i]);
  if (!at || !child_of(*at, steps.back()))
    return false;
  if (auto* object = at->if_object()) {
    object->erase(steps.back());
  } else {
    auto& array = at->get_array();
    array.erase(array.begin() + static_cast<std::ptrdiff_t>(*as_index(steps.back())));
  }
  return true;
}

} // namespace troupe::config
