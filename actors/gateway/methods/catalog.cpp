#include "actors/gateway/catalog.hpp"

#include "actors/gateway/methods/method.hpp"
#include "actors/gateway/sessions.hpp"

#include <array>
#include <filesystem>
#include <system_error>

/// What there is to choose from: agents, models, commands. Source: protocol.md sections 7.2, 11.
namespace troupe::gateway {
namespace {

bool is_git_checkout(const std::string& folder) {
  std::error_code unreadable;
  return !folder.empty() && std::filesystem::exists(folder + "/.git", unreadable);
}

void write_agent(json_writer& out, const config::agent_settings& agent) {
  out.begin_object().member("id", agent.id);
  out.member_if("name", agent.name);
  if (!agent.name.empty())
    out.key("identity").begin_object().member("name", agent.name).end_object();
  out.member_if("workspace", agent.workspace);
  // Nobody is asked before a tool runs: approvals are not built.
  out.member("workspaceGit", is_git_checkout(agent.workspace))
      .member("defaultPermissionMode", "full");
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

/// False: there is no such agent, and the client is told so.
bool agent_exists(const call& request, std::string_view agent) {
  if (agent.empty() || request.settings().agents.find(agent) != nullptr)
    return true;
  fail(request.self, request.id, unknown_agent(agent));
  return false;
}

void serve_models(const call& request) {
  const auto agent = text_of(request.params, "agentId");
  if (!agent_exists(request, agent))
    return;
  json_writer out;
  out.begin_object().key("models");
  write_models(out, request.settings(), agent, flag_of(request.params, "includeDetails"));
  out.end_object();
  answer(request.self, request.id, out.take());
}

void serve_commands(const call& request) {
  const auto agent = text_of(request.params, "agentId");
  if (!agent_exists(request, agent))
    return;
  commands_query query;
  query.with_args =
      !request.params.contains("includeArgs") || flag_of(request.params, "includeArgs");
  json_writer out;
  out.begin_object().key("commands");
  write_commands(out, query);
  out.end_object();
  answer(request.self, request.id, out.take());
}

/// The agent that `agentId` or `sessionKey` names; nullopt: the client was told that there is none.
std::optional<std::string> agent_asked_for(const call& request) {
  const auto agent = text_of(request.params, "agentId");
  if (const auto key = text_of(request.params, "sessionKey"); !key.empty()) {
    const auto canonical = key_of(request, "sessionKey");
    return canonical ? std::optional{canonical->agent_id} : std::nullopt;
  }
  if (!agent_exists(request, agent))
    return std::nullopt;
  return agent.empty() ? request.settings().agents.default_id : std::string{agent};
}

void serve_identity(const call& request) {
  const auto id = agent_asked_for(request);
  if (!id)
    return;
  const auto* agent = request.settings().agents.find(*id);
  const auto name = display_name(agent);
  json_writer out;
  out.begin_object()
      .member("agentId", *id)
      .member("name", name)
      .member("nameSource", is_named(agent) ? "config" : "default")
      .member("avatar", first_letter(name))
      .end_object();
  answer(request.self, request.id, out.take());
}

void serve_metadata(const call& request) {
  const auto id = agent_asked_for(request);
  if (id)
    answer(request.self, request.id, chat_metadata(request.settings(), *id));
}

constexpr std::array<field, 2> models_params{{
    {.name = "agentId", .kind = json_kind::string},
    {.name = "view", .kind = json_kind::string},
}};

constexpr std::array<std::string_view, 3> command_scopes{"text", "native", "both"};
constexpr std::array<field, 5> commands_params{{
    {.name = "sessionKey", .kind = json_kind::string},
    {.name = "agentId", .kind = json_kind::string},
    {.name = "provider", .kind = json_kind::string},
    {.name = "scope", .kind = json_kind::string, .choices = command_scopes},
    {.name = "includeArgs", .kind = json_kind::boolean},
}};

constexpr std::array<field, 2> identity_params{{
    {.name = "agentId", .kind = json_kind::string},
    {.name = "sessionKey", .kind = json_kind::string},
}};

constexpr std::array<field, 3> metadata_params{{
    {.name = "agentId", .kind = json_kind::string},
    {.name = "authProfileId", .kind = json_kind::string, .max = 256},
    {.name = "sessionKey", .kind = json_kind::string},
}};

constexpr std::array<method, 5> methods{{
    {.name = "agents.list", .params = {}, .serve = serve_agents},
    {.name = "agent.identity.get", .params = identity_params, .serve = serve_identity},
    {.name = "models.list", .params = models_params, .serve = serve_models},
    {.name = "commands.list", .params = commands_params, .serve = serve_commands},
    {.name = "chat.metadata", .params = metadata_params, .serve = serve_metadata},
}};

} // namespace

std::span<const method> catalog_methods() {
  return methods;
}

} // namespace troupe::gateway
