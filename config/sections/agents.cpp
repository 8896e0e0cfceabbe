#include "config/known/known_keys.hpp"
#include "config/sections/sections.hpp"
#include "config/source/paths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace troupe::config {
namespace {

constexpr std::size_t path_chars_max = 4'096;
constexpr std::size_t agent_id_chars_max = 64;

kind<placed_text> model_name() {
  return {[](reading& r, const cursor& at, placed_text& out) {
            out.at = at;
            read_text(r, at, {1, 1024}, out.text);
          },
          [](const placed_text& value) { return boost::json::value(value.text); },
          [] {
            return boost::json::object{{"type", "string"}, {"pattern", "^[^/]+/.+$"}};
          }};
}

/// "provider/model", or {primary, fallbacks}.
kind<model_choice> model() {
  auto in_full = object<model_choice>({
      key<model_choice>("primary", TR_MEMBER(primary), maybe(model_name()), "The model to ask."),
      key<model_choice>("fallbacks", TR_MEMBER(fallbacks), list_of(model_name()),
                        "Asked in order when the one before cannot answer."),
  });
  return {
      [read = in_full.read](reading& r, const cursor& at, model_choice& out) {
        if (at.value->is_object())
          return read(r, at, out);
        if (!at.value->is_string())
          return r.fail(at, "expected \"provider/model\" or an object with primary and "
                            "fallbacks, found " +
                                found(*at.value));
        model_name().read(r, at, out.primary.emplace());
      },
      in_full.show,
      [schema = in_full.schema] {
        return boost::json::object{{"anyOf", boost::json::array{model_name().schema(), schema()}}};
      }};
}

kind<agent_raw> agent() {
  using raw = agent_raw;
  auto out = object<raw>({
      key<raw>("name", TR_MEMBER(name), label({1, 256}), "The name people see."),
      key<raw>("default", TR_MEMBER(is_default), boolean(),
               "Whether it answers when none is named."),
      key<raw>("workspace", TR_MEMBER(workspace), text({1, path_chars_max}), "Its folder."),
      key<raw>("model", TR_MEMBER(model), maybe(model()), "Its model, instead of the default one."),
  });
  out.read = [read = std::move(out.read)](reading& r, const cursor& at, raw& into) {
    into.at = at;
    read(r, at, into);
  };
  return out;
}

/// Notes what is wrong with a reference and returns false; `out` is then unchanged.
bool find_model(reading& r, const placed_text& wanted,
                const std::map<std::string, provider_settings>& providers, model_ref& out) {
  if (wanted.text.empty())
    return false;
  const auto slash = wanted.text.find('/');
  std::vector<std::string> known;
  for (const auto& [id, provider] : providers)
    for (const auto& model : provider.models) {
      known.push_back(id + "/" + model.id);
      if (known.back() == wanted.text) {
        out = {id, model.id};
        return true;
      }
    }
  auto close = nearest(wanted.text, known);
  if (close.empty() && slash == std::string::npos)
    for (const auto& candidate : known)
      if (candidate.ends_with("/" + wanted.text))
        close = candidate;
  std::string message = fmt::format("\"{}\" names no configured model", wanted.text);
  if (slash == std::string::npos)
    message += " (expected provider/model)";
  else if (!providers.contains(wanted.text.substr(0, slash)))
    message += fmt::format("; there is no provider \"{}\" in models.providers",
                           wanted.text.substr(0, slash));
  if (!close.empty())
    message += fmt::format("; did you mean \"{}\"?", close);
  r.fail(wanted.at, std::move(message));
  return false;
}

struct resolved_choice {
  model_ref primary;
  std::vector<model_ref> fallbacks;
};

resolved_choice resolve_choice(reading& r, const std::optional<model_choice>& choice,
                               const resolved_choice& inherited,
                               const std::map<std::string, provider_settings>& providers) {
  if (!choice)
    return inherited;
  resolved_choice out = inherited;
  // A choice of one's own does not inherit the fallbacks of another.
  out.fallbacks.clear();
  if (choice->primary)
    find_model(r, *choice->primary, providers, out.primary);
  for (const auto& each : choice->fallbacks)
    if (model_ref ref; find_model(r, each, providers, ref))
      out.fallbacks.push_back(std::move(ref));
  return out;
}

/// Lower-case; letters, digits, '-' and '_', beginning with a letter or digit.
std::optional<std::string> agent_id(std::string_view key) {
  std::string id(key);
  for (auto& c : id)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (id.empty() || id.size() > agent_id_chars_max || !alphanumeric(id.front()))
    return std::nullopt;
  if (!std::ranges::all_of(id, [&](char c) { return alphanumeric(c) || c == '-' || c == '_'; }))
    return std::nullopt;
  return id;
}

bool is_time_zone_name(std::string_view name) {
  constexpr std::string_view marks = "/_+-";
  return name.size() <= 64 && std::ranges::all_of(name, [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  marks.find(c) != std::string_view::npos;
         });
}

/// The entries as the rest of the program sees them, but for their workspaces.
struct prepared {
  std::vector<agent_settings> agents;
  std::vector<const agent_raw*> raws; ///< Beside `agents`; null for the implicit one.
  std::string default_id = "main";
};

prepared prepare(reading& r, const agents_raw& raw,
                 const std::map<std::string, provider_settings>& providers,
                 const model_ref& usual) {
  prepared out;
  const auto defaults = resolve_choice(r, raw.model, {usual, {}}, providers);
  const auto add = [&](std::string id, const agent_raw* entry) {
    const auto choice = resolve_choice(r, entry ? entry->model : std::nullopt, defaults, providers);
    agent_settings agent;
    agent.id = std::move(id);
    agent.name = entry && !entry->name.empty() ? entry->name : agent.id;
    agent.model = choice.primary;
    agent.fallbacks = choice.fallbacks;
    agent.run_timeout = std::chrono::seconds(raw.timeout_seconds);
    agent.user_timezone = raw.user_timezone;
    out.agents.push_back(std::move(agent));
    out.raws.push_back(entry);
  };
  // In the order of the file, where each agent's places stand in one array.
  std::vector<const std::pair<const std::string, agent_raw>*> entries;
  for (const auto& entry : raw.entries)
    entries.push_back(&entry);
  std::ranges::sort(entries, std::less<>{},
                    [](const auto* entry) { return entry->second.at.where; });
  std::set<std::string> ids;
  for (const auto* each : entries) {
    const auto& [key, entry] = *each;
    auto id = agent_id(key);
    if (!id)
      r.fail_key(entry.at,
                 "an agent's id has 1 to 64 letters, digits, '-' and '_', and begins with "
                 "a letter or digit");
    else if (!ids.insert(*id).second)
      r.fail_key(entry.at, fmt::format("the agent \"{}\" exists already in other letters", *id));
    else
      add(std::move(*id), &entry);
  }
  if (out.agents.empty())
    add("main", nullptr);
  return out;
}

/// Source: features section 3: the marked one, else "main", else the first.
void choose_default(reading& r, prepared& all) {
  const agent_raw* marked = nullptr;
  for (std::size_t i = 0; i < all.agents.size(); ++i) {
    const auto* raw = all.raws[i];
    if (!raw || !raw->is_default)
      continue;
    if (marked)
      r.fail(raw->at.find("default"), "only one agent can be the default");
    marked = raw;
    all.default_id = all.agents[i].id;
  }
  if (!marked && std::ranges::find(all.agents, "main", &agent_settings::id) == all.agents.end())
    all.default_id = all.agents.front().id;
}

std::string workspace_of(reading& r, const agents_raw& raw, const agent_settings& agent,
                         const agent_raw* entry, bool is_default, const surroundings& around) {
  if (entry && !entry->workspace.empty())
    return absolute_path(entry->workspace, around.home, around.working_dir);
  if (!is_default)
    return around.state_dir + "/workspace-" + agent.id;
  if (!raw.workspace.empty())
    return absolute_path(raw.workspace, around.home, around.working_dir);
  if (const auto variable = r.variables().ours("WORKSPACE_DIR"))
    return absolute_path(variable->value, around.home, around.working_dir);
  return around.state_dir + "/workspace";
}

} // namespace

kind<agents_raw> agents_section() {
  using raw = agents_raw;
  return object<raw>({
      group<raw>(
          "defaults",
          {key<raw>(
               "model", TR_MEMBER(model), maybe(model()),
               "The model of every agent that names none. If not set: the usual one of OpenAI or "
               "Anthropic when OPENAI_API_KEY or ANTHROPIC_API_KEY is set, else demo/demo."),
           key<raw>("workspace", TR_MEMBER(workspace), text({1, path_chars_max}),
                    "The default agent's folder; workspace in the state directory if not set."),
           key<raw>("timeoutSeconds", TR_MEMBER(timeout_seconds),
                    whole<std::int64_t>(0, 31'536'000), "The longest a run may take; 0: no limit."),
           key<raw>("userTimezone", TR_MEMBER(user_timezone), text({1, 64}),
                    "The user's time zone, such as Europe/Berlin."),
           key<raw>("maxConcurrent", TR_MEMBER(max_concurrent),
                    maybe(whole<std::int64_t>(1, 100'000)), "Runs in flight on one node.")},
          ""),
      key<raw>("entries", TR_MEMBER(entries), map_of(agent()), "The agents, by id."),
  });
}

agents_settings resolve_agents(reading& r, const agents_raw& raw,
                               const std::map<std::string, provider_settings>& providers,
                               const surroundings& around) {
  auto all = prepare(r, raw, providers, around.usual_model);
  choose_default(r, all);
  if (!is_time_zone_name(raw.user_timezone))
    r.fail_setting("agents.defaults.userTimezone", "expected a time zone such as Europe/Berlin");
  for (std::size_t i = 0; i < all.agents.size(); ++i) {
    auto& agent = all.agents[i];
    agent.workspace = workspace_of(r, raw, agent, all.raws[i], agent.id == all.default_id, around);
    if (agent.workspace.find('\0') != std::string::npos)
      r.fail_setting("agents",
                     fmt::format("the workspace of \"{}\" has a NUL in its path", agent.id));
  }
  agents_settings out;
  out.entries = std::move(all.agents);
  out.default_id = std::move(all.default_id);
  out.max_concurrent = static_cast<unsigned>(raw.max_concurrent.value_or(0));
  return out;
}

} // namespace troupe::config
