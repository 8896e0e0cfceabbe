#include "net/frames/request.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace troupe::net::frames {

namespace json = boost::json;

namespace {

/// Smaller texts cannot hold enough values to matter.
constexpr std::size_t counted_from_bytes = json_values_max;
constexpr std::size_t arena_bytes_min = 512;
constexpr std::size_t arena_bytes_max = 64u << 10; // The first block; the arena grows by itself.
constexpr std::size_t unexpected_named_max = 8;

/// An upper bound of the values in `text`: each one but the first follows a comma, a colon or an
/// opening bracket outside of strings.
bool too_many_values(std::string_view text) {
  std::size_t values = 1;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',' || c == ':' || c == '[') {
      ++values;
    }
  }
  return values > json_values_max;
}

invalid_frame invalid(std::string id, std::string_view problem) {
  return {std::move(id), fmt::format("invalid request frame: {}", problem)};
}

struct field_rule {
  std::string_view name;
  bool required = false;
  std::size_t bytes_min = 0;
  std::size_t bytes_max = 0; ///< 0: only the socket's own bound.
};
constexpr std::array<field_rule, 4> text_fields{{
    {"id", true, 1, 0},
    {"method", true, 1, 0},
    {"traceparent", false, 0, traceparent_bytes_max},
    {"expectedProfileId", false, 1, profile_id_bytes_max},
}};

bool is_known(std::string_view key) {
  return key == "type" || key == "params" ||
         std::ranges::any_of(text_fields, [&](const auto& rule) { return rule.name == key; });
}

/// The clients' reference server names the first missing property only, then what is too much, then
/// what is wrong in each property, in this order.
void find_missing(const json::object& frame, std::vector<std::string>& problems) {
  for (const std::string_view name : {"type", "id", "method"})
    if (!frame.contains(name)) {
      problems.push_back(fmt::format("must have required property '{}'", name));
      return;
    }
}

void find_unexpected(const json::object& frame, std::vector<std::string>& problems) {
  std::size_t named = 0;
  for (const auto& member : frame) {
    const std::string_view key{member.key().data(), member.key().size()};
    if (is_known(key) || named == unexpected_named_max)
      continue;
    ++named;
    problems.push_back(fmt::format("at root: unexpected property '{}'", key.substr(0, 64)));
  }
}

void check_text(const json::object& frame, const field_rule& rule,
                std::vector<std::string>& problems) {
  const auto* value = frame.if_contains(rule.name);
  if (value == nullptr)
    return;
  const auto* text = value->if_string();
  if (text == nullptr)
    problems.push_back(fmt::format("at /{}: must be string", rule.name));
  else if (text->size() < rule.bytes_min)
    problems.push_back(
        fmt::format("at /{}: must not have fewer than {} characters", rule.name, rule.bytes_min));
  else if (rule.bytes_max != 0 && text->size() > rule.bytes_max)
    problems.push_back(
        fmt::format("at /{}: must not have more than {} characters", rule.name, rule.bytes_max));
}

std::string find_problems(const json::object& frame) {
  std::vector<std::string> problems;
  find_missing(frame, problems);
  find_unexpected(frame, problems);
  if (const auto* type = frame.if_contains("type"))
    if (const auto* text = type->if_string(); text == nullptr || *text != "req")
      problems.emplace_back("at /type: must be equal to constant");
  for (const auto& rule : text_fields)
    check_text(frame, rule, problems);
  return fmt::format("{}", fmt::join(problems, "; "));
}

std::string text_of(const json::object& frame, std::string_view name) {
  const auto* value = frame.if_contains(name);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string{} : std::string{text->data(), text->size()};
}

request_frame take_request(json::object& frame) {
  request_frame request{text_of(frame, "id"), text_of(frame, "method"), std::nullopt,
                        text_of(frame, "traceparent"), text_of(frame, "expectedProfileId")};
  if (auto* params = frame.if_contains("params"))
    request.params.emplace(std::move(*params));
  return request;
}

json::value parse_text(std::string_view text, json::error_code& failure) {
  json::parse_options options;
  options.max_depth = json_depth_max;
  auto arena = json::make_shared_resource<json::monotonic_resource>(
      std::clamp(text.size() * 2, arena_bytes_min, arena_bytes_max));
  return json::parse(json::string_view{text.data(), text.size()}, failure, std::move(arena),
                     options);
}

} // namespace

incoming_frame parse_frame(std::string_view text) {
  if (text.size() > counted_from_bytes && too_many_values(text))
    return invalid("invalid", fmt::format("more than {} values", json_values_max));
  json::error_code failure;
  auto parsed = parse_text(text, failure);
  if (failure == json::error::too_deep)
    return invalid("invalid", fmt::format("nested deeper than {} levels", json_depth_max));
  if (failure)
    return not_json{};
  auto* frame = parsed.if_object();
  if (frame == nullptr)
    return invalid("invalid", "at root: must be object");
  if (const auto problems = find_problems(*frame); !problems.empty()) {
    auto id = text_of(*frame, "id");
    return invalid(id.empty() ? "invalid" : std::move(id), problems);
  }
  return take_request(*frame);
}

} // namespace troupe::net::frames
