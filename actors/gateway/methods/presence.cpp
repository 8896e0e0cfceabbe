#include "actors/gateway/methods/method.hpp"

#include <array>

/// `system-presence` and `system-event`. Source: protocol.md sections 7.4 and 13.
namespace troupe::gateway {
namespace {

constexpr std::array<field, 14> event_params{{
    {.name = "text", .kind = json_kind::string},
    {.name = "deviceId", .kind = json_kind::string},
    {.name = "instanceId", .kind = json_kind::string},
    {.name = "host", .kind = json_kind::string},
    {.name = "ip", .kind = json_kind::string},
    {.name = "mode", .kind = json_kind::string},
    {.name = "version", .kind = json_kind::string},
    {.name = "platform", .kind = json_kind::string},
    {.name = "deviceFamily", .kind = json_kind::string},
    {.name = "modelIdentifier", .kind = json_kind::string},
    {.name = "timeZone", .kind = json_kind::string},
    {.name = "reason", .kind = json_kind::string},
    {.name = "lastInputSeconds", .kind = json_kind::integer, .min = 0},
    {.name = "tags", .kind = json_kind::array, .max = 32, .items = json_kind::string},
}};

void serve_presence(const call& request) {
  answer(request.self, request.id, request.self->state.shared->presence());
}

presence_facts facts_of(const boost::json::object& params) {
  presence_facts facts;
  const auto text = [&](std::string_view name, std::size_t bytes_max) {
    return std::string{cut_utf8(text_of(params, name), bytes_max)};
  };
  facts.text = text("text", presence_text_bytes_max);
  facts.device_id = text("deviceId", presence_field_bytes_max);
  facts.instance_id = text("instanceId", presence_field_bytes_max);
  facts.host = text("host", presence_field_bytes_max);
  facts.ip = text("ip", presence_field_bytes_max);
  facts.mode = text("mode", presence_field_bytes_max);
  facts.version = text("version", presence_field_bytes_max);
  facts.platform = text("platform", presence_field_bytes_max);
  facts.device_family = text("deviceFamily", presence_field_bytes_max);
  facts.model_identifier = text("modelIdentifier", presence_field_bytes_max);
  facts.time_zone = text("timeZone", presence_field_bytes_max);
  facts.reason = text("reason", presence_field_bytes_max);
  if (params.contains("lastInputSeconds"))
    facts.last_input_seconds = integer_of(params, "lastInputSeconds", 0);
  if (const auto* tags = params.if_contains("tags"); tags != nullptr && tags->is_array())
    for (const auto& tag : tags->get_array())
      if (!tag.as_string().empty())
        facts.tags.emplace_back(
            cut_utf8(std::string_view{tag.as_string()}, presence_field_bytes_max));
  return facts;
}

/// What tells one sender of notes from another; a bare text stands for itself.
std::string key_of_note(const presence_facts& facts) {
  if (auto key = presence_key(facts.device_id, facts.instance_id); !key.empty())
    return key;
  return facts.host.empty() ? "text " + facts.text : "host " + facts.host;
}

void serve_event(const call& request) {
  auto facts = facts_of(request.params);
  if (facts.text.find_first_not_of(" \t\r\n") == std::string::npos)
    return fail(request.self, request.id, invalid_request("text required"));
  const auto self = request.self;
  const auto key = key_of_note(facts);
  self->state.shared->presence_noted(key, std::move(facts));
  self->send(self->state.front, presence_changed{});
  after_events(self, [self, id = request.id] { answer(self, id, R"({"ok":true})"); });
}

constexpr std::array<method, 2> methods{{
    {.name = "system-presence", .params = {}, .serve = serve_presence},
    {.name = "system-event", .needed = scope::admin, .params = event_params, .serve = serve_event},
}};

} // namespace

std::span<const method> presence_methods() {
  return methods;
}

} // namespace troupe::gateway
