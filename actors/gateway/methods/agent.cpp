#include "actors/gateway/limits.hpp"
#include "actors/gateway/methods/method.hpp"
#include "actors/gateway/methods/runs.hpp"
#include "actors/gateway/run_result.hpp"
#include "actors/gateway/sessions.hpp"
#include "actors/support/reply.hpp"

#include <algorithm>
#include <array>

/// `agent`, which answers twice, and `agent.wait`. Source: protocol.md section 7.4.
namespace troupe::gateway {
namespace {

constexpr std::array<field, 14> agent_params{{
    {.name = "message", .kind = json_kind::string, .required = true, .min = 1},
    {.name = "idempotencyKey",
     .kind = json_kind::string,
     .required = true,
     .min = 1,
     .max = run_id_bytes_max},
    {.name = "agentId", .kind = json_kind::string, .min = 1},
    {.name = "provider", .kind = json_kind::string},
    {.name = "model", .kind = json_kind::string},
    {.name = "to", .kind = json_kind::string},
    {.name = "sessionId", .kind = json_kind::string},
    {.name = "sessionKey", .kind = json_kind::string, .max = session_key_bytes_max},
    {.name = "thinking", .kind = json_kind::string},
    {.name = "deliver", .kind = json_kind::boolean},
    {.name = "attachments", .kind = json_kind::array},
    {.name = "timeout", .kind = json_kind::integer, .min = 0},
    {.name = "extraSystemPrompt", .kind = json_kind::string},
    {.name = "label", .kind = json_kind::string, .min = 1, .max = 512},
}};

constexpr std::array<field, 2> wait_params{{
    {.name = "runId", .kind = json_kind::string, .required = true, .min = 1},
    {.name = "timeoutMs", .kind = json_kind::integer, .min = 0},
}};

/// Commands that end a session are an administrator's (protocol.md section 3, dynamic scopes).
bool resets_session(const boost::json::object& params) {
  const auto spoken = parse_command(text_of(params, "message"));
  return spoken && spoken->which->needed == scope::admin;
}

/// The session that a session id names: its key when there is such a session, else a new one.
std::string key_for_session_id(const call& request, std::string_view session_id) {
  for (const auto& row : all_conversations(*request.context().log))
    if (row.session_id == session_id)
      return row.key;
  return "explicit:" + std::string{session_id};
}

std::optional<session_key> target_of(const call& request) {
  const auto agent = text_of(request.params, "agentId");
  auto written = std::string{text_of(request.params, "sessionKey")};
  if (written.empty())
    if (const auto id = text_of(request.params, "sessionId"); !id.empty())
      written = key_for_session_id(request, id);
  if (written.empty())
    written = "main";
  auto key = canonical_session_key(written, agent, request.settings().agents);
  if (const auto* wrong = std::get_if<protocol_error>(&key)) {
    fail(request.self, request.id, *wrong);
    return std::nullopt;
  }
  return std::move(std::get<session_key>(key));
}

std::string model_override(const boost::json::object& params) {
  const auto provider = text_of(params, "provider");
  const auto model = text_of(params, "model");
  if (provider.empty() || model.empty())
    return std::string{model};
  return std::string{provider} + "/" + std::string{model};
}

/// How long the end of a run is awaited at most; a run without a limit of its own: a week.
std::chrono::seconds patience(const config::settings& settings, std::string_view agent_id,
                              std::uint32_t timeout_s) {
  constexpr std::chrono::seconds unlimited{7 * 24 * 3600};
  auto limit = std::chrono::seconds{timeout_s};
  if (limit.count() == 0)
    if (const auto* agent = settings.agents.find(agent_id))
      limit = agent->run_timeout;
  return (limit.count() == 0 ? unlimited : limit) + await_margin;
}

std::string accepted_payload(const input_receipt& receipt) {
  json_writer out;
  out.begin_object()
      .member("runId", receipt.run_id)
      .member("sessionKey", receipt.key)
      .member("agentId", receipt.agent_id)
      .member("status", "accepted")
      .member("acceptedAt", receipt.accepted_at)
      .end_object();
  return out.take();
}

void serve_agent(const call& request) {
  const auto& params = request.params;
  if (const auto* files = params.if_contains("attachments");
      files != nullptr && files->is_array() && !files->get_array().empty())
    return fail(request.self, request.id,
                invalid_request("attachments are not supported by this gateway yet"));
  const auto key = target_of(request);
  if (!key)
    return;
  submit_input input;
  input.key = key->text;
  input.run_id = text_of(params, "idempotencyKey");
  input.text = text_of(params, "message");
  input.tells_phases = false; // Of those who chat.
  input.extra_system_prompt = text_of(params, "extraSystemPrompt");
  input.model = model_override(params);
  input.timeout_s = static_cast<std::uint32_t>(
      std::min<std::int64_t>(integer_of(params, "timeout", 0), 315'360'000));
  // Other commands are for people who chat: here they are what the agent is asked.
  if (const auto spoken = parse_command(input.text);
      spoken && spoken->which->needed == scope::admin)
    obey(request, *spoken, *key, input);
  const auto limit = patience(request.settings(), key->agent_id, input.timeout_s);
  awaited_run awaited{.asked_by = awaited_run::kind::agent,
                      .request_id = request.id,
                      .key = input.key,
                      .run_id = input.run_id,
                      .deadline = request.context().time->now_boot() + limit};
  submit(request, std::move(input),
         [self = request.self, awaited = std::move(awaited)](const input_receipt& receipt) {
           if (receipt.kind == receipt_kind::finished && receipt.outcome)
             return answer_outcome(self, awaited, *receipt.outcome);
           answer_first(self, awaited.request_id, accepted_payload(receipt));
           await_outcome(self, awaited);
         });
}

void serve_wait(const call& request) {
  const auto self = request.self;
  const auto asked = std::chrono::milliseconds{integer_of(
      request.params, "timeoutMs", std::chrono::milliseconds{agent_wait_default}.count())};
  const auto limit = std::min<std::chrono::milliseconds>(asked, agent_wait_max);
  awaited_run awaited{.asked_by = awaited_run::kind::wait,
                      .request_id = request.id,
                      .key = {},
                      .run_id = std::string{text_of(request.params, "runId")},
                      .deadline = request.context().time->now_boot() + limit};
  // A millisecond at least, so that a run that is known is also told with `timeoutMs: 0`.
  self->request(self->state.front, std::max(limit, std::chrono::milliseconds{1}),
                await_sighting{awaited.run_id})
      .then(
          [self, awaited](const run_sighting& sighting) {
            auto known = awaited;
            known.key = sighting.key;
            await_outcome(self, known);
          },
          [self, awaited](const caf::error& failure) {
            const auto why = from_caf(failure);
            if (why.code == errc::timeout)
              answer(self, awaited.request_id, agent_wait_timeout(awaited.run_id));
            else
              fail(self, awaited.request_id, from_failure(why));
          });
}

constexpr std::array<method, 2> methods{{
    {.name = "agent",
     .needed = scope::write,
     .params = agent_params,
     .serve = serve_agent,
     .needs_admin = resets_session},
    {.name = "agent.wait", .needed = scope::write, .params = wait_params, .serve = serve_wait},
}};

} // namespace

std::span<const method> agent_methods() {
  return methods;
}

} // namespace troupe::gateway
