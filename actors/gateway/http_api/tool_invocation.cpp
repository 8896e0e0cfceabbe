#include "actors/gateway/http_api/tool_invocation.hpp"

#include "actors/conversation/run_messages.hpp"
#include "actors/gateway/http_api/body.hpp"
#include "actors/gateway/json_writer.hpp"
#include "actors/gateway/probes.hpp"
#include "actors/gateway/session_key.hpp"
#include "actors/gateway/sessions.hpp"
#include "actors/tool/tool_call.hpp"
#include "base/random.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <utility>

namespace troupe::gateway::http_api {
namespace {

namespace json = boost::json;

net::http_response refused(unsigned status, std::string_view type, std::string_view message) {
  json_writer out;
  out.begin_object()
      .member("ok", false)
      .key("error")
      .begin_object()
      .member("type", type)
      .member("message", message)
      .end_object()
      .end_object();
  return json_response(status, out.take());
}

std::string_view session_named(const json::object& body) {
  const auto key = string_member(body, "sessionKey");
  return key.empty() ? "main" : key;
}

tool_context context_of(const gateway_context& context, const config::settings& settings,
                        const tool_invocation& wanted) {
  tool_context out;
  out.agent_id = wanted.agent_id;
  out.session_key = wanted.session_key;
  out.call_id = random_uuid();
  out.run_id = "tools-invoke_" + out.call_id;
  if (const auto* agent = settings.agents.find(wanted.agent_id)) {
    out.workspace = agent->workspace;
    out.model = agent->model.text();
  }
  if (const auto row = find_conversation(*context.log, wanted.session_key)) {
    out.session_id = row->session_id;
    out.context_tokens = row->context_tokens;
    if (!row->model.empty())
      out.model = row->model;
  }
  out.time = context.time;
  out.cancelled = std::make_shared<std::atomic<bool>>(false);
  return out;
}

} // namespace

std::variant<tool_invocation, net::http_response> read_invocation(std::string_view text,
                                                                  const config::settings& settings,
                                                                  const tool_catalog& tools) {
  auto parsed = parse_body(text);
  if (!parsed)
    return to_response(parsed.error());
  const auto& body = parsed.value();
  auto name = string_member(body, "tool");
  if (name.empty())
    name = string_member(body, "name");
  if (name.empty())
    return refused(400, "invalid_request", "tools.invoke requires name");
  tool_invocation wanted;
  wanted.tool = tools.find(name);
  wanted.session_tool = wanted.tool == nullptr ? find_session_tool(name) : nullptr;
  const bool once = wanted.tool != nullptr && wanted.tool->effect == effect_class::once;
  if (once || (wanted.tool == nullptr && wanted.session_tool == nullptr))
    return refused(404, "not_found", fmt::format("Tool not available: {}", name));
  auto key =
      canonical_session_key(session_named(body), string_member(body, "agentId"), settings.agents);
  if (const auto* wrong = std::get_if<protocol_error>(&key))
    return refused(400, "invalid_request", wrong->message);
  wanted.agent_id = std::get<session_key>(key).agent_id;
  wanted.session_key = std::move(std::get<session_key>(key).text);
  const auto* arguments = member(body, "args");
  if (arguments != nullptr && !arguments->is_object())
    return refused(400, "invalid_request", "args must be an object");
  if (arguments != nullptr)
    wanted.arguments = arguments->get_object();
  return wanted;
}

net::http_response invocation_response(const tool_output& output) {
  if (output.is_error)
    return refused(400, "tool_error", output.text);
  json_writer out;
  out.begin_object().member("ok", true).key("result").begin_object().key("content").begin_array();
  out.begin_object().member("type", "text").member("text", output.text).end_object();
  out.end_array().end_object().end_object();
  return json_response(200, out.take());
}

caf::behavior invoke_tool(request_self self, gateway_shared_ptr shared,
                          std::shared_ptr<http_call> call) {
  const auto& context = shared->context();
  const auto settings = shared->settings();
  auto read = read_invocation(call->request.body, *settings, *context.tools);
  if (auto* answer = std::get_if<net::http_response>(&read)) {
    call->responder.send(std::move(*answer));
    return {};
  }
  auto& wanted = std::get<tool_invocation>(read);
  if (wanted.session_tool != nullptr) {
    call->responder.send(invocation_response(wanted.session_tool(context, wanted.arguments)));
    return {};
  }
  self->state.place.enter("running a tool");
  self->state.call = std::move(call);
  const auto tool =
      self->spawn(tool_call, context.pool, context.registry,
                  fmt::format("{}/tool/{}", self->state.place.path(), wanted.tool->name),
                  wanted.tool, context_of(context, *settings, wanted),
                  json::serialize(wanted.arguments), std::size_t{0}, caf::actor{self});
  self->monitor(tool);
  self->set_down_handler([self](const caf::down_msg&) {
    self->state.call->responder.send(refused(500, "tool_error", "tool execution failed"));
    self->quit();
  });
  return {
      [self, tool](tool_ended& end) {
        self->demonitor(tool);
        self->state.call->responder.send(invocation_response(end.output));
        self->quit();
      },
      [self](const answer_is_lost&) { self->quit(); },
  };
}

} // namespace troupe::gateway::http_api
