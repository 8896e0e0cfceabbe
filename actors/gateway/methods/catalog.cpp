#include "actors/gateway/methods/method.hpp"
#include "actors/gateway/sessions.hpp"

#include <algorithm>
#include <array>

/// `agents.list` and `models.list`. Source: protocol.md section 11.
namespace troupe::gateway {
namespace {

void write_agent(json_writer& out, const config::agent_settings& agent) {
  out.begin_object().member("id", agent.id);
  out.member_if("name", agent.name);
  if (!agent.name.empty())
    out.key("identity").begin_object().member("name", agent.name).end_object();
  out.member_if("workspace", agent.workspace);
  write_agent_runtime(out);
  write_thinking(out);
  out.key("model").begin_object();
  if (!agent.model.model.empty())
    out.member("primary", agent.model.text());
  if (!agent.fallbacks.empty()) {
    out.key("fallbacks").begin_array();
    for (const auto& fallback : agent.fallbacks)
      out.value(fallback.text());
    out.end_array();
  }
  out.end_object().end_object();
}

void serve_agents(const call& request) {
  const auto& agents = request.settings().agents;
  json_writer out;
  out.begin_object()
      .member("defaultId", agents.default_id)
      .member("ownership", agents.entries.size() > 1 ? "explicit" : "sole")
      .member("selectionRequired", false)
      .member("mainKey", "main")
      .member("scope", request.settings().session.scope == "global" ? "global" : "per-sender")
      .key("agents")
      .begin_array();
  for (const auto& agent : agents.entries)
    write_agent(out, agent);
  out.end_array().end_object();
  answer(request.self, request.id, out.take());
}

void write_model(json_writer& out, const std::string& provider, const config::model_settings& model,
                 bool usual) {
  out.begin_object()
      .member("id", model.id)
      .member("name", model.name.empty() ? model.id : model.name)
      .member("provider", provider)
      .member("reasoning", model.reasoning);
  if (usual)
    out.key("tags").begin_array().value("default").end_array();
  if (model.context_window > 0)
    out.member("contextWindow", model.context_window);
  out.key("input").begin_array();
  for (const std::string_view kind : {"text", "image", "audio", "video", "document"})
    if (std::ranges::find(model.input, kind) != model.input.end())
      out.value(kind);
  out.end_array();
  out.member_raw("thinkingLevels", R"([{"id":"off","label":"off"}])")
      .member("thinkingDefault", "off")
      .member("available", true)
      .end_object();
}

void serve_models(const call& request) {
  const auto& settings = request.settings();
  const auto agent = text_of(request.params, "agentId");
  if (!agent.empty() && settings.agents.find(agent) == nullptr)
    return fail(request.self, request.id, unknown_agent(agent));
  const auto usual = default_model(settings, agent).ref;
  json_writer out;
  out.begin_object().key("models").begin_array();
  for (const auto& [id, provider] : settings.providers)
    for (const auto& model : provider.models)
      write_model(out, id, model, usual.provider == id && usual.model == model.id);
  out.end_array().end_object();
  answer(request.self, request.id, out.take());
}

constexpr std::array<field, 2> models_params{{
    {.name = "agentId", .kind = json_kind::string},
    {.name = "view", .kind = json_kind::string},
}};

constexpr std::array<method, 2> methods{{
    {.name = "agents.list", .params = {}, .serve = serve_agents},
    {.name = "models.list", .params = models_params, .serve = serve_models},
}};

} // namespace

std::span<const method> catalog_methods() {
  return methods;
}

} // namespace troupe::gateway
