#include "config/load.hpp"

#include "config/json5/unicode.hpp"
#include "config/locations.hpp"
#include "config/schema/kind.hpp"
#include "config/sections/sections.hpp"
#include "config/sections/services.hpp"
#include "config/source/paths.hpp"
#include "config/source/read_file.hpp"
#include "config/source/source_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace troupe::config {
namespace {

namespace json = boost::json;

constexpr std::size_t dotenv_bytes_max = 1u << 20;

/// The whole config as it is read, before the sections are resolved.
struct root_raw {
  std::string schema;
  env_raw env;
  secrets_raw secrets;
  gateway_raw gateway;
  models_raw models;
  agents_raw agents;
  session_settings session;
  queue_settings queue;
  logging_settings logging;
};

/// The order is the order of reading: `env.vars` and `secrets` first, for what the others refer to.
kind<root_raw> root_section() {
  using raw = root_raw;
  return object<raw>({
      key<raw>("$schema", TR_MEMBER(schema), text(), "Where an editor finds this schema."),
      key<raw>("env", TR_MEMBER(env), env_section(), ""),
      key<raw>("secrets", TR_MEMBER(secrets), secrets_section(), ""),
      key<raw>("gateway", TR_MEMBER(gateway), gateway_section(), ""),
      key<raw>("models", TR_MEMBER(models), models_section(), ""),
      key<raw>("agents", TR_MEMBER(agents), agents_section(), ""),
      key<raw>("session", TR_MEMBER(session), session_section(), ""),
      group<raw>("messages", {key<raw>("queue", TR_MEMBER(queue), queue_section(), "")}, ""),
      key<raw>("logging", TR_MEMBER(logging), logging_section(), ""),
  });
}

void read_dotenv(const std::string& path, environment& variables, std::vector<finding>& warnings) {
  const auto text = read_file(path, dotenv_bytes_max);
  if (!text) {
    if (text.error().code != errc::not_found)
      warnings.push_back({"", 0, 0, "not read: " + text.error().detail, path});
    return;
  }
  auto parsed = parse_dotenv(text.value());
  for (const auto line : parsed.bad_lines)
    warnings.push_back({"", line, 1, "expected NAME=value; the line is skipped", path});
  variables.add_layer(std::move(parsed.variables));
}

std::vector<std::string> include_roots(const environment& variables) {
  std::vector<std::string> out;
  const auto variable = variables.ours("INCLUDE_ROOTS");
  std::string_view rest = variable ? std::string_view(variable->value) : std::string_view{};
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    if (const auto root = rest.substr(0, colon); !root.empty())
      out.emplace_back(root);
    rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
  }
  return out;
}

/// The entries as they are in force rather than as they were written.
json::object show_entries(const agents_settings& agents) {
  json::object out;
  for (const auto& agent : agents.entries) {
    json::array fallbacks;
    for (const auto& each : agent.fallbacks)
      fallbacks.emplace_back(each.text());
    json::object shown{
        {"name", agent.name},
        {"default", agent.id == agents.default_id},
        {"workspace", agent.workspace},
        {"model", {{"primary", agent.model.text()}, {"fallbacks", std::move(fallbacks)}}}};
    out.emplace(agent.id, std::move(shown));
  }
  return out;
}

void show_effective(loaded& config, const root_raw& raw) {
  config.effective = root_section().show(raw);
  auto& effective = config.effective.get_object();
  effective["agents"].as_object()["entries"] = show_entries(config.values.agents);
  auto& auth = effective["gateway"].as_object()["auth"].as_object();
  switch (config.values.gateway.auth.mode) {
  case auth_mode::none:
    auth["mode"] = "none";
    break;
  case auth_mode::token:
    auth["mode"] = "token";
    break;
  case auth_mode::password:
    auth["mode"] = "password";
    break;
  case auth_mode::trusted_proxy:
    auth["mode"] = "trusted-proxy";
    break;
  }
}

void note_choices(reading& r, const root_raw& raw, const model_ref& usual) {
  if (!raw.models.providers.empty() && !raw.agents.model)
    r.warnings.push_back(
        {"agents.defaults.model",
         0,
         0,
         fmt::format("is not set, so agents without a model of their own answer with {}{}",
                     usual.provider == "demo" ? "the built-in " : "", usual.text()),
         {}});
}

settings resolve(reading& r, root_raw& raw, surroundings around) {
  settings out;
  resolve_gateway(r, raw.gateway, around);
  resolve_logging(raw.logging, around);
  out.gateway = raw.gateway.out;
  out.providers = resolve_models(r, raw.models);
  add_services(r, raw.agents, out.providers);
  auto usual = choose_usual_model(out.providers);
  around.usual_model = usual.ref;
  out.agents = resolve_agents(r, raw.agents, out.providers, around);
  if (!usual.reason.empty() &&
      std::ranges::find(out.agents.entries, usual.ref, &agent_settings::model) !=
          out.agents.entries.end() &&
      (!raw.agents.model || !raw.agents.model->primary))
    out.agents.model_note = fmt::format("{} answers: {}", usual.ref.text(), usual.reason);
  out.session = raw.session;
  out.queue = raw.queue;
  out.logging = raw.logging;
  note_choices(r, raw, usual.ref);
  return out;
}

/// The file, or an empty config where there is none.
std::variant<source_tree, finding> read_tree(const locations& where, bool asked_for,
                                             const environment& variables,
                                             const std::optional<std::string>& text) {
  if (where.config_exists || text)
    return read_source(where.config_path, include_roots(variables), text);
  if (asked_for)
    return finding{"", 0, 0, "there is no such file", where.config_path};
  source_tree empty;
  empty.root = empty.merged = json::object();
  return empty;
}

/// As much of a config that is refused as can be had: for whoever mends it.
void keep_broken(const load_options& options, load_outcome& out) {
  auto text = options.text ? result<std::string>(*options.text)
                           : read_file(out.where.config_path, json5::text_bytes_max);
  if (!text)
    return;
  out.text = std::move(text.value());
  auto parsed = json5::read(out.text);
  if (auto* document = std::get_if<json5::document>(&parsed))
    out.source = std::move(document->value);
}

} // namespace

load_outcome load(const load_options& options) {
  load_outcome out;
  environment variables(options.environment);
  auto where = locate(options, variables);
  if (!where) {
    out.errors.push_back({"", 0, 0, where.error().detail, {}});
    return out;
  }
  out.where = where.value();
  const bool asked_for = !options.config_path.empty() || variables.ours("CONFIG_PATH");
  const surroundings around{out.where.state_dir, absolute_folder(options.working_dir),
                            home_directory(variables)};
  std::vector<finding> dotenv_warnings;
  read_dotenv(around.working_dir + "/.env", variables, dotenv_warnings);
  read_dotenv(around.state_dir + "/.env", variables, dotenv_warnings);

  auto source = read_tree(out.where, asked_for, variables, options.text);
  if (auto* wrong = std::get_if<finding>(&source)) {
    out.errors.push_back(std::move(*wrong));
    keep_broken(options, out);
    return out;
  }
  auto& tree = std::get<source_tree>(source);
  out.text = std::move(tree.text);
  out.source = tree.root;
  reading r(variables, tree.files, options.accept_unenforced);
  r.warnings = std::move(dotenv_warnings);
  root_raw raw;
  root_section().read(r, {&tree.merged, &tree.where, "", {""}}, raw);
  loaded config;
  config.values = resolve(r, raw, around);
  r.finish();
  if (r.failed()) {
    out.errors = std::move(r.errors);
    return out;
  }
  config.where = out.where;
  show_effective(config, raw);
  config.source = std::move(tree.root);
  config.merged = std::move(tree.merged);
  config.files = std::move(tree.files);
  config.no_effect = std::move(r.no_effect);
  config.unenforced = std::move(r.unenforced);
  config.warnings = std::move(r.warnings);
  out.config = std::move(config);
  return out;
}

std::string finding::text() const {
  const auto name = std::filesystem::path(file).filename().string();
  const auto place = file.empty() ? std::string()
                     : line == 0  ? file
                                  : fmt::format("{}:{}:{}", name, line, column);
  constexpr std::size_t message_bytes_max = 2'000;
  const auto said = json5::printable(message, message_bytes_max);
  if (place.empty())
    return path.empty() ? said : fmt::format("{}: {}", path, said);
  return path.empty() ? fmt::format("{}: {}", place, said)
                      : fmt::format("{} ({}): {}", path, place, said);
}

json::value schema() {
  auto out = root_section().schema();
  out.emplace("$schema", "https://json-schema.org/draft/2020-12/schema");
  out.emplace("title", "Troupe config");
  return out;
}

} // namespace troupe::config
