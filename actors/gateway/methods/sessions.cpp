#include "actors/gateway/sessions.hpp"

#include "actors/gateway/limits.hpp"
#include "actors/gateway/methods/method.hpp"
#include "actors/gateway/methods/runs.hpp"
#include "actors/gateway/methods/session_changes.hpp"
#include "actors/gateway/session_list.hpp"
#include "actors/support/reply.hpp"
#include "base/random.hpp"

#include <array>

/// The `sessions.*` family. Source: protocol.md section 8.
namespace troupe::gateway {
namespace {

constexpr std::array<field, 10> list_params{{
    {.name = "limit", .kind = json_kind::integer, .min = 1},
    {.name = "offset", .kind = json_kind::integer, .min = 0},
    {.name = "activeMinutes", .kind = json_kind::integer, .min = 1},
    {.name = "includeDerivedTitles", .kind = json_kind::boolean},
    {.name = "includeLastMessage", .kind = json_kind::boolean},
    {.name = "label", .kind = json_kind::string, .min = 1, .max = 512},
    {.name = "spawnedBy", .kind = json_kind::string, .min = 1},
    {.name = "agentId", .kind = json_kind::string, .min = 1},
    {.name = "search", .kind = json_kind::string},
    {.name = "sortBy", .kind = json_kind::string},
}};

constexpr std::array<field, 4> key_params{{
    {.name = "key", .kind = json_kind::string, .required = true, .min = 1},
    {.name = "agentId", .kind = json_kind::string, .min = 1},
    {.name = "includeDerivedTitles", .kind = json_kind::boolean},
    {.name = "includeLastMessage", .kind = json_kind::boolean},
}};

constexpr std::array<std::string_view, 2> reset_reasons{"new", "reset"};
constexpr std::array<field, 3> reset_params{{
    {.name = "key", .kind = json_kind::string, .required = true, .min = 1},
    {.name = "agentId", .kind = json_kind::string, .min = 1},
    {.name = "reason", .kind = json_kind::string, .choices = reset_reasons},
}};

constexpr std::array<field, 5> delete_params{{
    {.name = "key", .kind = json_kind::string, .required = true, .min = 1},
    {.name = "agentId", .kind = json_kind::string, .min = 1},
    {.name = "deleteTranscript", .kind = json_kind::boolean},
    {.name = "expectedSessionId", .kind = json_kind::string, .min = 1},
    {.name = "archivedOnly", .kind = json_kind::boolean},
}};

constexpr std::array<field, 9> create_params{{
    {.name = "key", .kind = json_kind::string, .min = 1},
    {.name = "idempotencyKey", .kind = json_kind::string, .min = 1, .max = run_id_bytes_max},
    {.name = "agentId", .kind = json_kind::string, .min = 1},
    {.name = "label", .kind = json_kind::string, .min = 1, .max = 512},
    {.name = "model", .kind = json_kind::string, .min = 1},
    {.name = "parentSessionKey", .kind = json_kind::string, .min = 1},
    {.name = "message", .kind = json_kind::string},
    {.name = "task", .kind = json_kind::string},
    {.name = "incognito", .kind = json_kind::boolean},
}};

session_list_query list_query(const boost::json::object& params) {
  session_list_query query;
  query.limit = static_cast<std::uint64_t>(integer_of(params, "limit", 0));
  query.offset = static_cast<std::uint64_t>(integer_of(params, "offset", 0));
  query.active_minutes = integer_of(params, "activeMinutes", 0);
  query.agent_id = text_of(params, "agentId");
  query.label = text_of(params, "label");
  query.search = text_of(params, "search");
  query.spawned_by = text_of(params, "spawnedBy");
  if (text_of(params, "archived") == "all")
    query.archived = archived_sessions::all;
  else if (flag_of(params, "archived"))
    query.archived = archived_sessions::only;
  query.with_titles = flag_of(params, "includeDerivedTitles");
  query.with_last_message = flag_of(params, "includeLastMessage");
  return query;
}

void serve_list(const call& request) {
  const auto& context = request.context();
  answer(request.self, request.id,
         session_list(*context.log, *context.config.get(), list_query(request.params),
                      context.time->now_wall_ms()));
}

void serve_describe(const call& request) {
  const auto key = key_of(request, "key");
  if (!key)
    return;
  const auto& context = request.context();
  const auto row = find_conversation(*context.log, key->text);
  json_writer out;
  out.begin_object().key("session");
  if (row) {
    auto extras = read_extras(*context.log, *row);
    if (!flag_of(request.params, "includeDerivedTitles"))
      extras.derived_title.clear();
    if (!flag_of(request.params, "includeLastMessage"))
      extras.last_message.clear();
    write_session_row(out, *row, request.settings(), context.time->now_wall_ms(), extras);
  } else {
    out.null();
  }
  out.end_object();
  answer(request.self, request.id, out.take());
}

void serve_subscribe(const call& request) {
  const auto self = request.self;
  // With parameters of a list the list comes along, so that nothing is missed between the two.
  const auto with_list = !request.params.empty();
  self->request(self->state.front, ask_timeout, watch_sessions{self->state.link->id})
      .then(
          [self, id = request.id, with_list, query = list_query(request.params)](const watching&) {
            const auto& context = self->state.shared->context();
            answer(self, id,
                   with_list ? session_list(*context.log, *context.config.get(), query,
                                            context.time->now_wall_ms(), list_subscribed::yes)
                             : R"({"subscribed":true})");
          },
          [self, id = request.id](const caf::error& failure) {
            fail(self, id, from_failure(from_caf(failure)));
          });
}

void watch(const call& request, bool on) {
  const auto key = key_of(request, "key");
  if (!key)
    return;
  const auto self = request.self;
  const auto approvals = on && flag_of(request.params, "includeApprovals");
  self->request(self->state.front, ask_timeout,
                watch_messages{.id = self->state.link->id, .key = key->text, .on = on})
      .then(
          [self, id = request.id, key = key->text, approvals](const watching& state) {
            json_writer out;
            out.begin_object().member("subscribed", state.on).member("key", key);
            if (approvals)
              out.key("approvalReplay")
                  .begin_object()
                  .member("sessionKey", key)
                  .member("updatedAtMs", self->state.shared->context().time->now_wall_ms())
                  .member_raw("approvals", "[]")
                  .member("truncated", false)
                  .end_object();
            out.end_object();
            answer(self, id, out.take());
          },
          [self, id = request.id](const caf::error& failure) {
            fail(self, id, from_failure(from_caf(failure)));
          });
}

void serve_watch(const call& request) {
  watch(request, true);
}
void serve_unwatch(const call& request) {
  watch(request, false);
}

std::string written_payload(const session_written& written, const config::settings& settings,
                            std::string_view run_id, bool creating) {
  json_writer out;
  out.begin_object().member("ok", true).member("key", written.row.key);
  if (creating)
    out.member("sessionId", written.row.session_id);
  out.key("entry");
  write_session_entry(out, written.row, settings, !creating);
  if (creating)
    out.member("runStarted", !run_id.empty()).member_if("runId", run_id);
  out.key("resolved");
  write_resolved_model(out, written.row, settings);
  out.end_object();
  return out.take();
}

/// What an option would do that is not built: said, not ignored, because it restricts.
std::optional<std::string_view> unsupported_option(const boost::json::object& params) {
  if (flag_of(params, "incognito"))
    return "incognito";
  for (const std::string_view name :
       {"toolOverrides", "permissionMode", "execNode", "worktree", "fork", "projectGitUrl"})
    if (params.contains(name))
      return name;
  return std::nullopt;
}

std::optional<session_key> key_to_create(const call& request) {
  if (!text_of(request.params, "key").empty())
    return key_of(request, "key");
  auto key = canonical_session_key("dashboard:" + random_uuid(), text_of(request.params, "agentId"),
                                   request.settings().agents);
  if (const auto* wrong = std::get_if<protocol_error>(&key)) {
    fail(request.self, request.id, *wrong);
    return std::nullopt;
  }
  return std::move(std::get<session_key>(key));
}

/// The first message of a session that was just made.
void start_first_run(client_self self, const std::string& id, const session_written& written,
                     std::string message, std::string run_id) {
  const boost::json::object none;
  submit_input input;
  input.key = written.row.key;
  input.run_id = std::move(run_id);
  input.text = std::move(message);
  submit(call{self, id, none}, std::move(input), [self, id, written](const input_receipt& receipt) {
    answer(self, id,
           written_payload(written, *self->state.shared->settings(), receipt.run_id, true));
  });
}

/// What nobody put elsewhere belongs to its agent's main session.
std::string parent_of(const call& request, const session_key& key) {
  const auto given = text_of(request.params, "parentSessionKey");
  const auto main = "agent:" + key.agent_id + ":main";
  return given.empty() && key.text != main ? main : std::string{given};
}

void serve_create(const call& request) {
  const auto& params = request.params;
  if (const auto option = unsupported_option(params))
    return fail(request.self, request.id,
                invalid_request(std::string{*option} + " is not supported by this gateway yet"));
  const auto key = key_to_create(request);
  if (!key)
    return;
  const auto self = request.self;
  auto message = std::string{text_of(params, "message")};
  if (message.empty())
    message = text_of(params, "task");
  auto run_id = std::string{text_of(params, "idempotencyKey")};
  if (run_id.empty())
    run_id = random_uuid();
  self->request(request.context().router, ask_timeout,
                create_session{.key = key->text,
                               .label = std::string{text_of(params, "label")},
                               .model = std::string{text_of(params, "model")},
                               .parent_key = parent_of(request, *key)})
      .then(
          [self, id = request.id, message = std::move(message),
           run_id = std::move(run_id)](const session_written& written) {
            if (!message.empty())
              return start_first_run(self, id, written, message, run_id);
            answer(self, id, written_payload(written, *self->state.shared->settings(), {}, true));
          },
          [self, id = request.id](const caf::error& failure) {
            fail(self, id, from_failure(from_caf(failure)));
          });
}

void serve_reset(const call& request) {
  const auto key = key_of(request, "key");
  if (!key)
    return;
  const auto self = request.self;
  const auto reason = text_of(request.params, "reason");
  self->request(
          request.context().router, ask_timeout,
          reset_session{.key = key->text, .reason = std::string{reason.empty() ? "reset" : reason}})
      .then(
          [self, id = request.id](const session_written& written) {
            answer(self, id, written_payload(written, *self->state.shared->settings(), {}, false));
          },
          [self, id = request.id, key = key->text](const caf::error& failure) {
            fail(self, id, mutation_failure(self, key, failure));
          });
}

/// Deleting what is only archived needs no administrator.
bool deletes_live_session(const boost::json::object& params) {
  return !flag_of(params, "archivedOnly");
}

void answer_deleted(client_self self, const std::string& id, const std::string& key, bool deleted) {
  json_writer out;
  out.begin_object()
      .member("ok", true)
      .member("key", key)
      .member("deleted", deleted)
      .member_raw("archived", "[]")
      .end_object();
  answer(self, id, out.take());
}

void serve_delete(const call& request) {
  const auto key = key_of(request, "key");
  if (!key)
    return;
  const auto self = request.self;
  const auto row = find_conversation(*request.context().log, key->text);
  if (flag_of(request.params, "archivedOnly") && !(row && row->archived_at > 0))
    return answer_deleted(self, request.id, key->text, false);
  if (const auto expected = text_of(request.params, "expectedSessionId");
      !expected.empty() && row && row->session_id != expected)
    return fail(self, request.id,
                invalid_request("Session " + key->text + " changed since it was looked at."));
  self->request(request.context().router, ask_timeout, delete_session{key->text})
      .then([self, id = request.id, key = key->text](
                const session_deleted& done) { answer_deleted(self, id, key, done.deleted); },
            [self, id = request.id, key = key->text](const caf::error& failure) {
              fail(self, id, mutation_failure(self, key, failure));
            });
}

constexpr std::array<method, 8> methods{{
    {.name = "sessions.list", .params = list_params, .serve = serve_list},
    {.name = "sessions.describe", .params = key_params, .serve = serve_describe},
    {.name = "sessions.subscribe", .params = list_params, .serve = serve_subscribe},
    {.name = "sessions.messages.subscribe", .params = key_params, .serve = serve_watch},
    {.name = "sessions.messages.unsubscribe", .params = key_params, .serve = serve_unwatch},
    {.name = "sessions.create",
     .needed = scope::write,
     .params = create_params,
     .serve = serve_create},
    {.name = "sessions.reset",
     .needed = scope::admin,
     .params = reset_params,
     .serve = serve_reset},
    {.name = "sessions.delete",
     .needed = scope::write,
     .params = delete_params,
     .serve = serve_delete,
     .needs_admin = deletes_live_session},
}};

} // namespace

protocol_error mutation_failure(client_self self, const std::string& key,
                                const caf::error& failure) {
  const auto why = from_caf(failure);
  if (why.code == errc::unavailable)
    if (const auto row = find_conversation(*self->state.shared->context().log, key);
        row && !row->active_run.empty())
      return invalid_request("Session " + key + " has an active run; retry after it finishes.");
  return from_failure(why);
}

std::span<const method> session_methods() {
  return methods;
}

} // namespace troupe::gateway
