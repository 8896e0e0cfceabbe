#include "actors/gateway/methods/session_changes.hpp"

#include "actors/gateway/limits.hpp"
#include "actors/gateway/methods/method.hpp"
#include "actors/gateway/sessions.hpp"
#include "actors/gateway/slash_commands.hpp"
#include "actors/support/reply.hpp"

#include <algorithm>
#include <array>

/// `sessions.patch` and `sessions.compact`. Source: protocol.md section 8.
namespace troupe::gateway {
namespace {

namespace json = boost::json;

constexpr std::array<field, 10> patch_params{{
    {.name = "key", .kind = json_kind::string, .required = true, .min = 1},
    {.name = "agentId", .kind = json_kind::string, .min = 1},
    {.name = "expectedSessionId", .kind = json_kind::string, .min = 1},
    {.name = "label", .kind = json_kind::nullable_string, .min = 1, .max = 512},
    {.name = "model", .kind = json_kind::nullable_string},
    {.name = "thinkingLevel", .kind = json_kind::nullable_string, .min = 1},
    {.name = "archived", .kind = json_kind::boolean},
    {.name = "pinned", .kind = json_kind::boolean},
    {.name = "unread", .kind = json_kind::boolean},
    {.name = "expectedMarkedUnreadAt"},
}};

constexpr std::array<field, 3> compact_params{{
    {.name = "key", .kind = json_kind::string, .required = true, .min = 1},
    {.name = "agentId", .kind = json_kind::string, .min = 1},
    {.name = "maxLines", .kind = json_kind::integer, .min = 1},
}};

/// Settings that this gateway does not have: to set one is refused, to clear one changes nothing.
constexpr std::array<std::string_view, 31> not_built{"autoLabel",
                                                     "icon",
                                                     "color",
                                                     "category",
                                                     "boardFace",
                                                     "boardPresentation",
                                                     "statusNote",
                                                     "attention",
                                                     "ttlMinutes",
                                                     "contextWindow",
                                                     "fastMode",
                                                     "toolOverrides",
                                                     "verboseLevel",
                                                     "traceLevel",
                                                     "reasoningLevel",
                                                     "responseUsage",
                                                     "elevatedLevel",
                                                     "execHost",
                                                     "execSecurity",
                                                     "execAsk",
                                                     "execNode",
                                                     "permissionMode",
                                                     "sandboxMode",
                                                     "nativeRuntimeConsent",
                                                     "agentRuntime",
                                                     "sendPolicy",
                                                     "completionOwnerSessionKey",
                                                     "groupActivation",
                                                     "inheritedToolPolicyVersion",
                                                     "inheritedToolAllow",
                                                     "inheritedToolDeny"};

/// What a writer may change of a session; the rest is an administrator's (protocol.md section 3).
constexpr std::array<std::string_view, 13> writers_settings{
    "key",   "agentId",  "label",  "icon",     "color",         "category",      "pinned",
    "model", "archived", "unread", "fastMode", "thinkingLevel", "permissionMode"};

bool patches_as_admin(const json::object& params) {
  return std::ranges::any_of(params,
                             [](const auto& member) {
                               const std::string_view name{member.key()};
                               return !name.starts_with("expected") &&
                                      std::ranges::find(writers_settings, name) ==
                                          writers_settings.end();
                             }) ||
         text_of(params, "permissionMode") == "full";
}

std::optional<std::string_view> unsupported_setting(const json::object& params) {
  for (const auto name : not_built)
    if (const auto* value = params.if_contains(name); value != nullptr && !value->is_null())
      return name;
  return std::nullopt;
}

/// Unset: not mentioned. Empty: cleared.
std::optional<std::string> text_setting(const json::object& params, std::string_view name) {
  if (!params.contains(name))
    return std::nullopt;
  return std::string{text_of(params, name)};
}

std::optional<bool> flag_setting(const json::object& params, std::string_view name) {
  if (!params.contains(name))
    return std::nullopt;
  return flag_of(params, name);
}

model_choice session_model(const call& request, const session_key& key) {
  const auto row = find_conversation(*request.context().log, key.text);
  return row ? model_of(*row, request.settings()) : default_model(request.settings(), key.agent_id);
}

/// What is wrong with the values, which the types alone don't say.
std::optional<protocol_error> objection(const call& request, const session_key& key) {
  const auto& params = request.params;
  if (const auto name = unsupported_setting(params))
    return invalid_request(std::string{*name} + " is not supported by this gateway yet");
  const auto model = text_of(params, "model");
  const auto known = find_model(request.settings(), model);
  if (!model.empty() && !known)
    return invalid_request("model \"" + std::string{cut_utf8(model, 128)} + "\" is not configured");
  const auto thinking = text_of(params, "thinkingLevel");
  if (!thinking.empty() && thinking != "off")
    return invalid_request(
        "thinkingLevel \"" + std::string{cut_utf8(thinking, 64)} + "\" is not supported for " +
        (known ? *known : session_model(request, key).ref).text() + " (use off)");
  const auto* mark = params.if_contains("expectedMarkedUnreadAt");
  if (mark != nullptr && !mark->is_null() && !mark->is_number())
    return invalid_request(
        "invalid sessions.patch params: at /expectedMarkedUnreadAt: must be number");
  return std::nullopt;
}

patch_session patch_of(const call& request, const session_key& key) {
  const auto& params = request.params;
  patch_session patch;
  patch.key = key.text;
  patch.expected_session_id = text_of(params, "expectedSessionId");
  patch.label = text_setting(params, "label");
  patch.model = text_setting(params, "model");
  if (patch.model && !patch.model->empty())
    patch.model = find_model(request.settings(), *patch.model)->text();
  patch.archived = flag_setting(params, "archived");
  patch.pinned = flag_setting(params, "pinned");
  patch.unread = flag_setting(params, "unread");
  if (params.contains("expectedMarkedUnreadAt"))
    patch.expected_marked_unread_at = integer_of(params, "expectedMarkedUnreadAt", 0);
  return patch;
}

std::string patched_payload(const session_written& written, const gateway_context& context) {
  const auto config = context.config.get();
  const auto& settings = config->values;
  json_writer out;
  out.begin_object()
      .member("ok", true)
      .member("path", config->where.state_dir + "/store")
      .member("key", written.row.key)
      .key("entry");
  write_session_entry(out, written.row, settings);
  out.key("resolved");
  write_resolved_model(out, written.row, settings, true);
  out.end_object();
  return out.take();
}

void serve_patch(const call& request) {
  const auto key = key_of(request, "key");
  if (!key)
    return;
  if (const auto refused = objection(request, *key))
    return fail(request.self, request.id, *refused);
  const auto self = request.self;
  self->request(request.context().router, ask_timeout, patch_of(request, *key))
      .then(
          [self, id = request.id](const session_written& written) {
            answer(self, id, patched_payload(written, self->state.shared->context()));
          },
          [self, id = request.id](const caf::error& failure) {
            fail(self, id, from_failure(from_caf(failure)));
          });
}

std::string compacted_payload(const std::string& key, const session_compacted& told) {
  json_writer out;
  out.begin_object().member("ok", told.compacted).member("key", key);
  out.member("compacted", told.compacted);
  out.member_if("reason", told.reason);
  if (told.compacted)
    out.member("kept", told.kept);
  out.end_object();
  return out.take();
}

void serve_compact(const call& request) {
  const auto key = key_of(request, "key");
  if (!key)
    return;
  const auto self = request.self;
  const auto lines = integer_of(request.params, "maxLines", 0);
  self->request(request.context().router, ask_timeout,
                compact_session{.key = key->text, .lines_max = static_cast<std::uint64_t>(lines)})
      .then(
          [self, id = request.id, key = key->text](const session_compacted& told) {
            after_events(
                self, [self, id, text = compacted_payload(key, told)] { answer(self, id, text); });
          },
          [self, id = request.id, key = key->text](const caf::error& failure) {
            fail(self, id, mutation_failure(self, key, failure));
          });
}

constexpr std::array<method, 2> methods{{
    {.name = "sessions.patch",
     .needed = scope::write,
     .params = patch_params,
     .serve = serve_patch,
     .needs_admin = patches_as_admin},
    {.name = "sessions.compact",
     .needed = scope::admin,
     .params = compact_params,
     .serve = serve_compact},
}};

} // namespace

std::span<const method> session_change_methods() {
  return methods;
}

} // namespace troupe::gateway
