#include "actors/gateway/frames.hpp"

#include "actors/gateway/limits.hpp"
#include "actors/gateway/schema.hpp"

#include <boost/json/parse.hpp>

#include <array>
#include <exception>
#include <optional>

namespace troupe::gateway {
namespace {

namespace json = boost::json;

constexpr std::array<field, 6> frame_fields{{
    {.name = "type", .kind = json_kind::string, .required = true},
    {.name = "id", .kind = json_kind::string, .required = true, .min = 1},
    {.name = "method", .kind = json_kind::string, .required = true, .min = 1},
    {.name = "params"},
    {.name = "traceparent", .kind = json_kind::string, .max = 128},
    {.name = "expectedProfileId", .kind = json_kind::string, .min = 1, .max = 128},
}};

std::optional<json::value> parse(std::string_view text) {
  json::parse_options options;
  options.max_depth = json_depth_max;
  json::error_code failed;
  try {
    auto value = json::parse(text, failed, {}, options);
    if (failed)
      return std::nullopt;
    return value;
  } catch (const std::exception&) { // Out of memory, or a document the library refuses to hold.
    return std::nullopt;
  }
}

} // namespace

parsed_frame parse_frame(std::string_view text) {
  auto value = parse(text);
  if (!value)
    return not_json{};
  if (!value->is_object())
    return bad_frame{"invalid", false, "must be object"};
  auto& frame = value->get_object();
  auto findings = check(frame, frame_fields, unknown_properties::refused);
  const auto is_request = text_of(frame, "type") == "req";
  if (!is_request && frame.contains("type"))
    findings.emplace_back("at /type: must be equal to constant");
  if (!findings.empty()) {
    const auto id = text_of(frame, "id");
    return bad_frame{id.empty() ? "invalid" : std::string{id}, is_request, join_findings(findings)};
  }
  request_frame request;
  request.id = text_of(frame, "id");
  request.method = text_of(frame, "method");
  if (auto* params = frame.if_contains("params"); params != nullptr && !params->is_null()) {
    if (!params->is_object())
      return bad_frame{request.id, true, "at /params: must be object"};
    request.params = std::move(params->get_object());
    request.params_given = true;
  }
  return request;
}

std::string response_ok(std::string_view id, std::string_view payload) {
  json_writer out;
  out.reserve(payload.size() + id.size() + 48);
  out.begin_object()
      .member("type", "res")
      .member("id", id)
      .member("ok", true)
      .member_raw("payload", payload)
      .end_object();
  return out.take();
}

std::string response_error(std::string_view id, const protocol_error& failure,
                           std::string_view payload) {
  json_writer out;
  out.begin_object().member("type", "res").member("id", id).member("ok", false);
  if (!payload.empty())
    out.member_raw("payload", payload);
  out.key("error");
  write(out, failure);
  out.end_object();
  return out.take();
}

std::string event_body(std::string_view name, std::string_view payload,
                       std::string_view state_version) {
  json_writer out;
  out.reserve(payload.size() + name.size() + state_version.size() + 64);
  out.begin_object().member("type", "event").member("event", name).member_raw("payload", payload);
  if (!state_version.empty())
    out.member_raw("stateVersion", state_version);
  return out.take();
}

json_writer begin_event_body(std::string_view name) {
  json_writer out;
  out.reserve(512);
  out.begin_object().member("type", "event").member("event", name).key("payload").begin_object();
  return out;
}

std::string event_tail(std::uint64_t seq) {
  return ",\"seq\":" + std::to_string(seq) + "}";
}

} // namespace troupe::gateway
