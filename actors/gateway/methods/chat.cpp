#include "actors/gateway/catalog.hpp"
#include "actors/gateway/history.hpp"
#include "actors/gateway/limits.hpp"
#include "actors/gateway/methods/method.hpp"
#include "actors/gateway/methods/runs.hpp"
#include "actors/gateway/slash_commands.hpp"
#include "actors/support/reply.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <array>

/// `chat.send`, `chat.history`, `chat.startup`, `chat.abort`. Source: protocol.md sections 7.1
/// to 7.3.
namespace troupe::gateway {
namespace {

constexpr std::array<std::string_view, 4> queue_modes{"steer", "followup", "collect", "interrupt"};

constexpr std::array<field, 11> send_params{{
    {.name = "sessionKey",
     .kind = json_kind::string,
     .required = true,
     .min = 1,
     .max = session_key_bytes_max},
    {.name = "message", .kind = json_kind::string, .required = true},
    {.name = "idempotencyKey",
     .kind = json_kind::string,
     .required = true,
     .min = 1,
     .max = run_id_bytes_max},
    {.name = "agentId", .kind = json_kind::string, .min = 1},
    {.name = "sessionId", .kind = json_kind::string, .min = 1},
    {.name = "thinking", .kind = json_kind::string},
    {.name = "deliver", .kind = json_kind::boolean},
    {.name = "queueMode", .kind = json_kind::string, .choices = queue_modes},
    {.name = "timeoutMs", .kind = json_kind::integer, .min = 0},
    {.name = "attachments", .kind = json_kind::array},
    {.name = "suppressCommandInterpretation", .kind = json_kind::boolean},
}};

constexpr std::array<field, 11> history_params{{
    {.name = "sessionKey", .kind = json_kind::string, .required = true, .min = 1},
    {.name = "agentId", .kind = json_kind::string, .min = 1},
    {.name = "cursor", .kind = json_kind::string},
    {.name = "limit", .kind = json_kind::integer, .min = 1, .max = history_limit_max},
    {.name = "maxBytes", .kind = json_kind::integer, .min = history_bytes_min},
    {.name = "offset", .kind = json_kind::integer, .min = 0},
    {.name = "messageId", .kind = json_kind::string, .min = 1},
    {.name = "sessionId", .kind = json_kind::string, .min = 1},
    {.name = "maxChars", .kind = json_kind::integer, .min = 1, .max = history_text_bytes_max},
    {.name = "pendingBefore", .kind = json_kind::integer, .min = 1},
    {.name = "inputRunIds",
     .kind = json_kind::array,
     .min = 1,
     .max = input_run_ids_max,
     .items = json_kind::string},
}};

constexpr std::array<field, 4> abort_params{{
    {.name = "sessionKey", .kind = json_kind::string, .required = true, .min = 1},
    {.name = "agentId", .kind = json_kind::string, .min = 1},
    {.name = "runId", .kind = json_kind::string, .min = 1},
    {.name = "preserveSideRuns", .kind = json_kind::boolean},
}};

std::string_view status_of(const input_receipt& receipt) {
  switch (receipt.kind) {
  case receipt_kind::started:
    return "started";
  case receipt_kind::in_flight:
    return "in_flight";
  case receipt_kind::finished:
    break;
  }
  const auto ok = !receipt.outcome || receipt.outcome->status == tables::run_status::ok;
  return ok ? "ok" : "error";
}

/// The command that a message is, unless the client wants it to be only text.
std::optional<spoken_command> command_in(const boost::json::object& params) {
  if (flag_of(params, "suppressCommandInterpretation"))
    return std::nullopt;
  return parse_command(text_of(params, "message"));
}

/// A command that ends a session is an administrator's, as sessions.reset is.
bool commands_as_admin(const boost::json::object& params) {
  const auto spoken = command_in(params);
  return spoken && spoken->which->needed == scope::admin;
}

struct send_times {
  std::chrono::nanoseconds received{};
  std::chrono::nanoseconds loaded{}; ///< The session and what the message means to it are known.
};

std::int64_t whole_ms(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

/// Clients with a screen measure how long an acknowledgement took (protocol.md section 7.1).
void write_timing(json_writer& out, client_self self, const send_times& times) {
  const auto& mode = self->state.client_mode;
  if (mode != "ui" && mode != "webchat")
    return;
  const auto took = self->state.shared->context().time->now_boot() - times.received;
  out.key("serverTiming")
      .begin_object()
      .member("receivedToAckMs", whole_ms(took))
      .member("loadSessionMs", whole_ms(times.loaded - times.received))
      .end_object();
}

void acknowledge(client_self self, const std::string& id, const input_receipt& receipt,
                 const send_times& times) {
  json_writer out;
  out.begin_object().member("runId", receipt.run_id).member("status", status_of(receipt));
  write_timing(out, self, times);
  out.end_object();
  answer(self, id, out.take());
}

/// "/stop", once its own acceptance is committed: a second one with the same key stops nothing.
void stop_runs(client_self self, const std::string& key) {
  self->request(self->state.shared->context().router, ask_timeout,
                abort_runs{.key = key, .run_id = {}, .reason = "stop"})
      .then([](const aborted_runs&) {},
            [key](const caf::error& failure) {
              log::warn("gateway", "runs of {} were not stopped: {}", key,
                        from_caf(failure).detail);
            });
}

void serve_send(const call& request) {
  const auto& params = request.params;
  send_times times{.received = request.context().time->now_boot(), .loaded = {}};
  if (const auto* files = params.if_contains("attachments");
      files != nullptr && files->is_array() && !files->get_array().empty())
    return fail(request.self, request.id,
                invalid_request("attachments are not supported by this gateway yet"));
  if (text_of(params, "message").empty())
    return fail(request.self, request.id, invalid_request("message or attachments required"));
  const auto key = key_of(request, "sessionKey");
  if (!key)
    return;
  submit_input input;
  input.key = key->text;
  input.run_id = text_of(params, "idempotencyKey");
  input.text = text_of(params, "message");
  input.timeout_s = seconds_of_ms(integer_of(params, "timeoutMs", 0));
  bool stops = false;
  if (const auto spoken = command_in(params))
    stops = obey(request, *spoken, *key, input);
  times.loaded = request.context().time->now_boot();
  submit(request, std::move(input),
         [self = request.self, id = request.id, key = key->text, times,
          stops](const input_receipt& receipt) {
           acknowledge(self, id, receipt, times);
           if (stops && receipt.kind == receipt_kind::started)
             stop_runs(self, key);
         });
}

history_query query_of(const boost::json::object& params, const std::string& key) {
  history_query query;
  query.key = key;
  query.limit = static_cast<std::uint64_t>(
      integer_of(params, "limit", static_cast<std::int64_t>(history_limit_default)));
  query.offset = static_cast<std::uint64_t>(integer_of(params, "offset", 0));
  query.bytes_max =
      std::min(history_bytes_max,
               static_cast<std::size_t>(
                   integer_of(params, "maxBytes", static_cast<std::int64_t>(history_bytes_max))));
  query.text_bytes_max = static_cast<std::size_t>(
      integer_of(params, "maxChars", static_cast<std::int64_t>(history_text_bytes_max)));
  query.message_id = text_of(params, "messageId");
  return query;
}

std::vector<std::string> input_run_ids(const boost::json::object& params) {
  std::vector<std::string> ids;
  if (const auto* given = params.if_contains("inputRunIds"))
    for (const auto& id : given->get_array())
      ids.emplace_back(cut_utf8(std::string_view{id.get_string()}, run_id_bytes_max));
  return ids;
}

enum class with_metadata { no, yes };

/// What a history is made of, kept until the front has told the active run.
struct history_call {
  client_self self;
  std::string id;
  history_query query;
  std::optional<std::string> cursor;
  std::vector<std::string> input_runs;
  std::string metadata;

  void tell(std::string_view in_flight) const {
    const auto& shared = *self->state.shared;
    const auto& log = *shared.context().log;
    const auto now = shared.context().time->now_wall_ms();
    const history_extras extras{.in_flight_run = in_flight, .metadata = metadata};
    answer(self, id,
           cursor ? history_since(log, *shared.settings(), query, *cursor, input_runs, extras, now)
                  : history_page(log, *shared.settings(), query, extras, now));
  }
};

void tell_history(const call& request, with_metadata metadata) {
  const auto key = key_of(request, "sessionKey");
  if (!key)
    return;
  const auto& params = request.params;
  history_call asked{.self = request.self,
                     .id = request.id,
                     .query = query_of(params, key->text),
                     .cursor = {},
                     .input_runs = input_run_ids(params),
                     .metadata = {}};
  if (params.contains("cursor"))
    asked.cursor = text_of(params, "cursor");
  if (metadata == with_metadata::yes)
    asked.metadata = chat_metadata(request.settings(), key->agent_id);
  const auto self = request.self;
  self->request(self->state.front, ask_timeout, get_in_flight{key->text})
      .then(
          [asked](const in_flight_run& run) {
            asked.tell(run.json ? *run.json : std::string_view{});
          },
          // The transcript is worth having without it.
          [asked](const caf::error&) { asked.tell({}); });
}

void serve_history(const call& request) {
  tell_history(request, with_metadata::no);
}

void serve_startup(const call& request) {
  tell_history(request, with_metadata::yes);
}

void serve_abort(const call& request) {
  const auto key = key_of(request, "sessionKey");
  if (!key)
    return;
  const auto self = request.self;
  self->request(request.context().router, ask_timeout,
                abort_runs{.key = key->text,
                           .run_id = std::string{text_of(request.params, "runId")},
                           .reason = "rpc"})
      .then(
          [self, id = request.id](const aborted_runs& aborted) {
            json_writer out;
            out.begin_object()
                .member("ok", true)
                .member("aborted", !aborted.run_ids.empty())
                .key("runIds")
                .begin_array();
            for (const auto& run : aborted.run_ids)
              out.value(run);
            out.end_array().end_object();
            after_events(self, [self, id, text = out.take()] { answer(self, id, text); });
          },
          [self, id = request.id](const caf::error& failure) {
            fail(self, id, from_failure(from_caf(failure)));
          });
}

constexpr std::array<method, 4> methods{{
    {.name = "chat.send",
     .needed = scope::write,
     .params = send_params,
     .serve = serve_send,
     .needs_admin = commands_as_admin},
    {.name = "chat.history", .params = history_params, .serve = serve_history},
    {.name = "chat.startup", .params = history_params, .serve = serve_startup},
    {.name = "chat.abort", .needed = scope::write, .params = abort_params, .serve = serve_abort},
}};

} // namespace

std::span<const method> chat_methods() {
  return methods;
}

} // namespace troupe::gateway
