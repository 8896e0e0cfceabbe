#include "actors/gateway/config_schema.hpp"

#include "actors/gateway/json_writer.hpp"
#include "config/load.hpp"
#include "config/path.hpp"
#include "config/reload.hpp"
#include "config/schema/cursor.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <vector>

namespace troupe::gateway {
namespace {

namespace json = boost::json;

/// Built once: the declarations do not change.
const json::value& whole_schema() {
  static const json::value made = config::schema();
  return made;
}

const json::value* member(const json::value& node, std::string_view name) {
  const auto* object = node.if_object();
  return object ? object->if_contains(name) : nullptr;
}

/// The node that may have members: of alternatives, the one that is an object or an array.
const json::value& structure_of(const json::value& node) {
  const auto* choices = member(node, "anyOf");
  if (choices && choices->is_array())
    for (const auto& choice : choices->get_array())
      if (member(choice, "properties") || member(choice, "items"))
        return choice;
  return node;
}

const json::value* descend(const json::value& from, const std::string& step) {
  const auto& node = structure_of(from);
  if (const auto* properties = member(node, "properties"))
    if (const auto* found = member(*properties, step))
      return found;
  if (const auto* any = member(node, "additionalProperties"); any && any->is_object())
    return any;
  const auto* items = member(node, "items");
  const bool is_index =
      !step.empty() && (step == "*" || step == "[]" ||
                        std::ranges::all_of(step, [](char c) { return c >= '0' && c <= '9'; }));
  return items && is_index ? items : nullptr;
}

bool is_required(const json::value& node, std::string_view key) {
  const auto* needed = member(node, "required");
  return needed && needed->is_array() &&
         std::ranges::any_of(needed->get_array(), [&](const auto& name) {
           return name.is_string() && std::string_view(name.get_string()) == key;
         });
}

/// What a form writes beside the field: "gateway.http.maxBodyBytes" is "Gateway Http Max Body
/// Bytes".
std::string label_of(std::string_view path) {
  std::string label;
  bool begins = true;
  for (const char c : path) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool lower = c >= 'a' && c <= 'z';
    if (c == '.') {
      begins = true;
      continue;
    }
    if (!label.empty() && (begins || upper))
      label += ' ';
    label += begins && lower ? static_cast<char>(c - 'a' + 'A') : c;
    begins = false;
  }
  return label;
}

void write_hint(json_writer& out, const json::value& node, std::string_view path) {
  const auto* about = member(node, "description");
  if (!about || !about->is_string())
    return;
  out.key("hint")
      .begin_object()
      .member("label", label_of(path))
      .member("help", std::string_view(about->get_string()))
      .member("advanced", false)
      .end_object();
  out.member("hintPath", path);
}

bool has_children(const json::value& from) {
  const auto& node = structure_of(from);
  return member(node, "properties") || member(node, "additionalProperties") ||
         member(node, "items");
}

void write_child(json_writer& out, const json::value& parent, std::string_view parent_path,
                 std::string_view key, const json::value& node) {
  const auto path = config::member_path(parent_path, key);
  out.begin_object().member("key", key).member("path", path);
  if (const auto* type = member(node, "type"); type && type->is_string())
    out.member("type", std::string_view(type->get_string()));
  out.member("required", is_required(parent, key))
      .member("hasChildren", has_children(node))
      .member("reloadKind", config::to_string(config::reload_kind_of(path)));
  write_hint(out, node, path);
  out.end_object();
}

void write_children(json_writer& out, const json::value& from, std::string_view path) {
  const auto& node = structure_of(from);
  out.key("children").begin_array();
  if (const auto* properties = member(node, "properties"); properties && properties->is_object())
    for (const auto& [key, child] : properties->get_object())
      write_child(out, node, path, key, child);
  if (const auto* any = member(node, "additionalProperties"); any && any->is_object())
    write_child(out, node, path, "*", *any);
  if (const auto* items = member(node, "items"))
    write_child(out, node, path, "[]", *items);
  out.end_array();
}

/// The node without what lies below it, which the children tell.
json::value shallow(const json::value& node) {
  const auto* object = node.if_object();
  if (!object)
    return node;
  json::object out;
  for (const auto& [key, value] : *object)
    if (key != "properties" && key != "additionalProperties" && key != "items")
      out.emplace(key, value);
  return out;
}

} // namespace

std::string config_schema_report(std::string_view version, std::int64_t now_ms) {
  static const auto text = json::serialize(whole_schema());
  json_writer out;
  out.begin_object()
      .member_raw("schema", text)
      .member_raw("uiHints", "{}")
      .member("version", version)
      .member("generatedAt",
              fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                          fmt::gmtime(static_cast<std::time_t>(now_ms / 1000)), now_ms % 1000))
      .end_object();
  return out.take();
}

result<std::string> config_schema_lookup(std::string_view path) {
  const auto steps = config::path_steps(path);
  if (!steps || steps->empty())
    return error{errc::invalid_argument, "expected a path such as gateway.port"};
  const json::value* node = &whole_schema();
  for (const auto& step : *steps) {
    node = descend(*node, step);
    if (!node)
      return error{errc::not_found, fmt::format("config schema path not found: {}", path)};
  }
  json_writer out;
  out.begin_object()
      .member("path", path)
      .member_raw("schema", json::serialize(shallow(*node)))
      .member("reloadKind", config::to_string(config::reload_kind_of(path)));
  write_hint(out, *node, path);
  write_children(out, *node, path);
  out.end_object();
  return out.take();
}

} // namespace troupe::gateway
